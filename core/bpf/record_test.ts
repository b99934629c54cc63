import assert from "node:assert/strict";
import { decodeHead, decodePieces, encodeHead, encodePieces, PIECE_KEY } from "./record.ts";

Deno.test("a text of any length comes back from its pieces, and not from some of them", () => {
  for (const length of [0, 1, 507, 508, 509, 5000]) {
    const text = "ä".repeat(length);
    const pieces = encodePieces(7n, 3, text);
    assert.equal(decodePieces(pieces.map(({ value }) => value)), text);
    assert.deepEqual(
      pieces.map(({ key }) => PIECE_KEY.decode(key).piece),
      pieces.map((_, at) => at),
    );
    assert.equal(decodePieces([...pieces.map(({ value }) => value), undefined]), undefined);
  }
});

Deno.test("the head says which generation counts", () => {
  assert.deepEqual(decodeHead(encodeHead(4, 2)), { generation: 4, pieces: 2 });
  assert.deepEqual(decodeHead(undefined), { generation: 0, pieces: 0 });
});
