import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { attributesOf, encodeAttributes, number, numberOf, text, textOf } from "./wire.ts";

Deno.test("attributes are read back as they were written, whatever their length", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-]{0,40}$/);
  fc.assert(
    fc.property(name, name, fc.integer({ min: -5, max: 0x7fffffff }), (a, b, n) => {
      const bytes = encodeAttributes([text(1, a), [3, [text(1, b), number(2, n)]]]);
      assert.equal(bytes.length % 4, 0);
      const read = attributesOf(bytes);
      assert.equal(textOf(read.get(1)!), a);
      const nested = attributesOf(read.get(3)!);
      assert.equal(textOf(nested.get(1)!), b);
      assert.equal(numberOf(nested.get(2)!), n);
    }),
    runs(100),
  );
});

Deno.test("an attribute that is cut short is refused, one that is too long is not written", () => {
  const whole = encodeAttributes([text(1, "a long enough name")]);
  assert.throws(() => attributesOf(whole.slice(0, 10)), RangeError);
  assert.throws(() => encodeAttributes([text(1, "x".repeat(70_000))]), /too long/);
});
