import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import { defaultConfig } from "core/proxy/config.ts";
import { resolved } from "./prepare.ts";
import type { Session } from "./session.ts";

/** The UID that a configuration means on a host with these users. */
function uidOf(kumaDPUser: string, cniMode: boolean): number {
  const passwd = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(
      passwd,
      "kuma-dp:x:5678:5678::/:/bin/false\nmesh:x:4711:4711::/:/bin/sh\n",
    );
    const document = { ...defaultConfig(), kumaDPUser, cniMode };
    // Only the logger of a session is looked at here.
    return resolved(document, { logger: silentLogger } as Session, passwd).uid;
  } finally {
    Deno.removeSync(passwd);
  }
}

Deno.test("in CNI mode a UID needs no user, and a name is looked up as elsewhere", () => {
  assert.equal(uidOf("", true), 5678);
  assert.equal(uidOf("70000", true), 70_000);
  assert.equal(uidOf("mesh", true), 4711);
  assert.equal(uidOf("mesh", false), 4711);
  for (const [user, cniMode] of [["70000", false], ["nobody-here", true]] as const) {
    assert.throws(
      () => uidOf(user, cniMode),
      (error) => error instanceof KumaError && error.code === "KUMA-HOST-150",
    );
  }
});
