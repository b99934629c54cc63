import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "./any_character.ts";
import { runs } from "tests/support/property.ts";

Deno.test("any character is drawn, the last one too, never half of one; the simplest is printable", () => {
  fc.assert(
    fc.property(anyCharacter, (drawn) => [...drawn].length === 1 && drawn.isWellFormed()),
    runs(10_000),
  );
  const found = (wanted: string) =>
    fc.check(fc.property(anyCharacter, (drawn) => drawn < wanted), { numRuns: 10_000, seed: 1 })
      .counterexample?.[0];
  assert.deepEqual(["", "\u{80}", "\u{e000}"].map(found), [" ", "\u{80}", "\u{e000}"]);
});

Deno.test("each character is found again, so that strings of them shrink", () => {
  for (const points of [[0, 0x300], [0xd700, 0xd7ff], [0xe000, 0xe100], [0x10ff00, 0x10ffff]]) {
    for (let point = points[0]!; point <= points[1]!; point++) {
      assert.ok(anyCharacter.canShrinkWithoutContext(String.fromCodePoint(point)), String(point));
    }
  }
  for (const other of ["", "ab", "\ud800", 7]) {
    assert.ok(!anyCharacter.canShrinkWithoutContext(other), String(other));
  }
});
