import assert from "node:assert/strict";
import { MAX_STDIN, readStdin } from "./stdin.ts";

function source(bytes: Uint8Array, step: number) {
  let at = 0;
  return (buffer: Uint8Array): number | null => {
    if (at >= bytes.length) return null;
    const piece = bytes.subarray(at, at + Math.min(step, buffer.length));
    buffer.set(piece);
    at += piece.length;
    return piece.length;
  };
}

Deno.test("readStdin joins pieces, characters cut in two included", () => {
  const text = '{"name":"é€😀"}';
  for (const step of [1, 2, 3, 1000]) {
    assert.equal(readStdin(source(new TextEncoder().encode(text), step)), text);
  }
  assert.equal(readStdin(source(new Uint8Array(0), 1)), "");
});

Deno.test("readStdin refuses what is too long and what is no text", () => {
  const long = new Uint8Array(MAX_STDIN + 1).fill(32);
  assert.throws(() => readStdin(source(long, 65536)), { code: "KUMA-CNI-002" });
  assert.throws(() => readStdin(source(new Uint8Array([0xff]), 1)), {
    code: "KUMA-CNI-002",
  });
});
