import assert from "node:assert/strict";
import { effectiveUserId } from "./libc.ts";
import { readProcFile } from "./proc.ts";

// The library stays open for the whole process; opened here, it is no test's leak.
effectiveUserId();

Deno.test("a file of /proc is read whole, though its size is 0", () => {
  assert.match(readProcFile("/proc/self/status"), /^Uid:\s+\d+/m);
  assert.equal(readProcFile("/proc/self/mounts"), Deno.readTextFileSync("/proc/self/mounts"));
});

Deno.test("what is not there is NotFound, a directory is an error", () => {
  assert.throws(() => readProcFile("/proc/self/nothing"), Deno.errors.NotFound);
  assert.throws(() => readProcFile("/proc/self"), /cannot read "\/proc\/self": /);
});
