import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { effectiveUserId } from "./libc.ts";
import { currentPrivileges, parsePrivileges } from "./privileges.ts";

effectiveUserId(); // Opens the C library outside of any test.

const status = (uid: string, mask: string) =>
  `Name:\tdeno\nUid:\t${uid}\nGid:\t0\t0\t0\t0\nCapPrm:\tffff\nCapEff:\t${mask}\n`;

Deno.test("parsePrivileges takes the effective user, not the real one", () => {
  assert.equal(parsePrivileges(status("1000\t0\t0\t0", "0")).effectiveUid, 0);
});

Deno.test("parsePrivileges tells capabilities apart", () => {
  const netAdmin = parsePrivileges(status("0\t0\t0\t0", "0000000000001000"));
  assert.equal(netAdmin.has("CAP_NET_ADMIN"), true);
  assert.equal(netAdmin.has("CAP_NET_RAW"), false);
  const all = parsePrivileges(status("0\t0\t0\t0", "000001ffffffffff"));
  assert.equal(all.has("CAP_SYS_ADMIN"), true);
});

Deno.test("parsePrivileges refuses a text without the lines", () => {
  assert.throws(() => parsePrivileges("Name:\tx\n"), KumaError);
});

Deno.test("currentPrivileges agrees with the runtime", () => {
  assert.equal(currentPrivileges().effectiveUid, Deno.uid());
});
