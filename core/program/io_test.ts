import assert from "node:assert/strict";
import { lineOut, usableColumns } from "./io.ts";

Deno.test("a write that takes only a part is gone on with", () => {
  let taken = "";
  const sink = {
    writeSync(bytes: Uint8Array): number {
      const part = bytes.subarray(0, 3);
      taken += new TextDecoder().decode(part);
      return part.length;
    },
  };
  lineOut(sink, "standard output")("0123456789\n");
  assert.equal(taken, "0123456789\n");
});

Deno.test("a reader that goes away ends the output, not the command", () => {
  let writes = 0;
  const sink = {
    writeSync(): number {
      writes++;
      throw new Deno.errors.BrokenPipe("Broken pipe");
    },
  };
  const out = lineOut(sink, "standard output");
  out("one\n");
  out("two\n");
  assert.equal(writes, 1, "after the first refusal nothing more is tried");
});

Deno.test("output that is lost for another reason is an error that names the stream", () => {
  const sink = {
    writeSync(): number {
      throw new Error("No space left on device (os error 28)");
    },
  };
  assert.throws(() => lineOut(sink, "standard output")("x"), {
    code: "KUMA-TP-028",
    message: "cannot write to standard output: No space left on device (os error 28)",
  });
});

Deno.test("a terminal without a size has 80 columns, and no line is too narrow to write in", () => {
  assert.deepEqual([0, 1, 40, 100, 500].map(usableColumns), [80, 40, 40, 100, 120]);
});
