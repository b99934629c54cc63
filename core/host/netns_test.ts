import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { effectiveUserId } from "./libc.ts";
import { enterNetns, netnsInode } from "./netns.ts";

effectiveUserId(); // Opens the C library outside of any test.

const code = (expected: string) => (error: unknown) =>
  error instanceof KumaError && error.code === expected;

Deno.test("enterNetns says that a path is missing", () => {
  assert.throws(() => enterNetns("/run/netns/no-such-netns"), code("KUMA-HOST-111"));
});

Deno.test("enterNetns refuses a plain file and a directory", () => {
  const file = Deno.makeTempFileSync();
  try {
    assert.throws(() => enterNetns(file), code("KUMA-HOST-112"));
    assert.throws(() => enterNetns("/"), code("KUMA-HOST-112"));
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("enterNetns refuses a file of procfs and a namespace of another kind", () => {
  assert.throws(() => enterNetns("/proc/version"), code("KUMA-HOST-112"));
  assert.throws(() => enterNetns("/proc/self/ns/uts"), code("KUMA-HOST-112"));
});

Deno.test("netnsInode is that of the thread, and of a path", () => {
  assert.equal(netnsInode(), netnsInode("/proc/self/ns/net"));
});
