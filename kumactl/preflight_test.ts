import assert from "node:assert/strict";
import type { Privileges } from "core/host/privileges.ts";
import { LineLogger } from "./line_logger.ts";
import { checkPlatform } from "./preflight.ts";
import { FakeIo } from "./testing.ts";

function check(dryRun: boolean, os: string, effectiveUid: number, capable: boolean): string {
  const io = new FakeIo();
  const privileges = (): Privileges => ({ effectiveUid, has: () => capable });
  checkPlatform(dryRun, new LineLogger(io, dryRun), os, privileges);
  return io.stderr;
}

Deno.test("root with CAP_NET_ADMIN on Linux may go on", () => {
  assert.equal(check(false, "linux", 0, true), "");
});

Deno.test("what is missing is named before anything is touched, in Kuma's words", () => {
  assert.throws(() => check(false, "darwin", 0, true), {
    message: "transparent proxy is supported only on Linux systems",
  });
  assert.throws(() => check(false, "linux", 1000, true), {
    message: "you need to have root privileges to run this command",
  });
  assert.throws(() => check(false, "linux", 0, false), { code: "KUMA-TP-020" });
});

Deno.test("a dry run needs nothing, and warns who sees less", () => {
  assert.equal(check(true, "darwin", 1000, false), "");
  assert.match(check(true, "linux", 1000, false), /^# \[WARNING\] not root: /);
  assert.equal(check(true, "linux", 0, false), "");
});
