import assert from "node:assert/strict";
import { effectiveUserId } from "./libc.ts";
import { currentPrivileges, privilegesOf } from "./privileges.ts";
import { readProcFile } from "./proc.ts";

effectiveUserId(); // Opens the C library outside of any test.

Deno.test("privilegesOf tells capabilities apart, of both halves", () => {
  const netAdmin = privilegesOf(0, 0x1000n);
  assert.equal(netAdmin.has("CAP_NET_ADMIN"), true);
  assert.equal(netAdmin.has("CAP_NET_RAW"), false);
  assert.equal(netAdmin.has("CAP_BPF"), false);
  assert.equal(privilegesOf(0, 1n << 39n).has("CAP_BPF"), true);
  assert.equal(privilegesOf(0, 0x1ffffffffffn).has("CAP_SYS_ADMIN"), true);
});

Deno.test("currentPrivileges agrees with the runtime and with procfs", () => {
  const { effectiveUid, has } = currentPrivileges();
  assert.equal(effectiveUid, Deno.uid());
  const mask = BigInt(
    `0x${/^CapEff:\s+(\w+)$/m.exec(readProcFile("/proc/thread-self/status"))?.[1]}`,
  );
  const shown = privilegesOf(effectiveUid, mask);
  for (const name of ["CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_PERFMON", "CAP_BPF"] as const) {
    assert.equal(has(name), shown.has(name), name);
  }
});
