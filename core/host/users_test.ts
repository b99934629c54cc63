import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { lookUpUid, readPasswd } from "./users.ts";

const PASSWD = `root:x:0:0:root:/root:/bin/bash
# a comment:x:7:7::/:/bin/sh
kuma-dp:x:5679:5679:Kuma:/home/kuma-dp:/bin/false
1234:x:42:42:a name of digits:/:/bin/false
+nis:x:9:9::/:/bin/sh
broken:x:not-a-number:0::/:/bin/sh
short:x:8
huge:x:4294967295:0::/:/bin/sh
`;

Deno.test("lookUpUid takes a UID, then a name", () => {
  assert.equal(lookUpUid("0", PASSWD), 0);
  assert.equal(lookUpUid("root", PASSWD), 0);
  assert.equal(lookUpUid("1234", PASSWD), 42);
  assert.equal(lookUpUid("42", PASSWD), 42);
});

Deno.test("lookUpUid without a value takes UID 5678, then kuma-dp", () => {
  assert.equal(lookUpUid("", PASSWD), 5679);
  assert.equal(lookUpUid("", `${PASSWD}envoy:x:5678:1::/:/bin/sh\n`), 5678);
});

Deno.test("lookUpUid says what it did not find, in Kuma's words", () => {
  for (const value of ["5678", "nobody-here", "+nis", "broken", "short", "8", "4294967295"]) {
    assert.throws(() => lookUpUid(value, PASSWD), {
      message:
        `the specified UID or username ('${value}') does not refer to a valid user on the host`,
    });
  }
  assert.throws(() => lookUpUid("", ""), {
    message: "no UID or username provided, and user with the default UID ('5678') or username " +
      "('kuma-dp') could not be found",
  });
  for (const value of ["", "nobody-here"]) {
    assert.throws(
      () => lookUpUid(value, ""),
      (error: unknown) =>
        error instanceof KumaError && /useradd -u 5678 -U kuma-dp/.test(error.hint ?? ""),
    );
  }
});

Deno.test("readPasswd gives nothing where there is no database", () => {
  assert.equal(readPasswd("/no-such-dir/passwd"), "");
});
