import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { compareBytes } from "./compare_bytes.ts";

/** What it is said to be like. */
function byEncoding(left: string, right: string): number {
  const [a, b] = [left, right].map((text) => [...new TextEncoder().encode(text)]);
  const at = a?.findIndex((byte, index) => byte !== b?.[index]) ?? -1;
  if (at < 0) return (a?.length ?? 0) - (b?.length ?? 0);
  return (a?.[at] ?? 0) - (b?.[at] ?? -1);
}

Deno.test("texts are ordered as their bytes are", () => {
  const text = fc.string({
    unit: fc.constantFrom("A", "_", "a", "é", "\u{e000}", "\u{ffff}", "\u{1f600}"),
  });
  fc.assert(
    fc.property(text, text, (left, right) => {
      const order = compareBytes(left, right);
      assert.ok(Math.sign(order) === Math.sign(byEncoding(left, right)));
      assert.ok(Math.sign(compareBytes(right, left)) + Math.sign(order) === 0);
    }),
    runs(10_000),
  );
});
