import assert from "node:assert/strict";
import { writeAll, writeAllTo } from "./write_all.ts";

Deno.test("what a stream takes in parts arrives whole and in order", async () => {
  for (const most of [1, 3, 1000]) {
    const taken: number[] = [];
    const stream = {
      writeSync(bytes: Uint8Array): number {
        const part = bytes.subarray(0, most);
        taken.push(...part);
        return part.length;
      },
      write: (bytes: Uint8Array) => Promise.resolve(stream.writeSync(bytes)),
    };
    writeAll(stream, "grüße");
    writeAll(stream, "");
    writeAll(stream, new Uint8Array([10, 0]));
    await writeAllTo(stream, new Uint8Array([1, 2, 3, 4]));
    assert.deepEqual(taken, [...new TextEncoder().encode("grüße"), 10, 0, 1, 2, 3, 4]);
  }
});

Deno.test("what a stream throws reaches the caller", () => {
  const gone = {
    writeSync(): number {
      throw new Deno.errors.BrokenPipe("gone");
    },
  };
  assert.throws(() => writeAll(gone, "a"), Deno.errors.BrokenPipe);
});
