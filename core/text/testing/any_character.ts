/**
 * Characters for property tests.
 *
 * @module
 */
import fc from "fast-check";

const PRINTABLE = 0x7f - 0x20;
const SURROGATES = 0x800;

/**
 * Any code point but half a surrogate pair, printable ASCII the simplest: for `fc.string({ unit: anyCharacter })`.
 *
 * fast-check's own unit "binary" draws the same, but makes a table of all 1.1 million of them first: 0.9 s and
 * 100 MB in every isolate.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .nat(0x10ffff - SURROGATES)
  .map((index) => String.fromCodePoint(codePoint(index)), indexOf);

/** The printable ones and the control characters before them change places, so that shrinking ends in a printable one. */
const codePoint = (index: number) =>
  index < PRINTABLE
    ? index + 0x20
    : index < 0x7f
    ? index - PRINTABLE
    : index < 0xd800
    ? index
    : index + SURROGATES;

function indexOf(character: unknown): number {
  if (typeof character !== "string" || [...character].length !== 1) {
    throw new TypeError("Cannot find the character's number: it is not one character");
  }
  const point = character.codePointAt(0)!;
  if (point < 0x20) return point + PRINTABLE;
  if (point < 0x7f) return point - 0x20;
  if (point < 0xd800) return point;
  if (point < 0xe000) throw new RangeError("Cannot take half a surrogate pair as a character");
  return point - SURROGATES;
}
