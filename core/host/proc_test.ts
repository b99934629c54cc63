import assert from "node:assert/strict";
import { effectiveUserId } from "./libc.ts";
import { readProcFile, readProcFileIfThere } from "./proc.ts";

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

Deno.test("a file is read whole, however it falls on the buffer", async () => {
  const path = await Deno.makeTempFile();
  try {
    // 16 KiB is the buffer; the letters take two bytes each.
    for (
      const text of ["", "a".repeat(16 * 1024), "a".repeat(32 * 1024), `a${"é".repeat(20_000)}`]
    ) {
      await Deno.writeTextFile(path, text);
      assert.equal(readProcFile(path), text);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("only what is not there is nothing", () => {
  assert.equal(readProcFileIfThere("/proc/self/nothing"), undefined);
  assert.equal(readProcFileIfThere("/proc/self/status/x"), undefined);
  assert.match(readProcFileIfThere("/proc/self/status") ?? "", /^Name:/);
  assert.throws(() => readProcFileIfThere("/proc/self"), /cannot read "\/proc\/self": /);
});
