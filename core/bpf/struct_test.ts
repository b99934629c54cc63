import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import * as layout from "./layout.ts";
import { type Kind, Struct, type Value } from "./struct.ts";

const VALUES: Record<Kind, fc.Arbitrary<unknown>> = {
  u8: fc.nat(0xff),
  u16: fc.nat(0xffff),
  u32: fc.nat(0xffffffff),
  i32: fc.integer(),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  address: fc.uint8Array({ minLength: 16, maxLength: 16 }),
};

for (const struct of Object.values(layout)) {
  if (!(struct instanceof Struct)) continue;
  const shape = struct as unknown as Struct<Record<string, Kind>>;
  Deno.test(`what ${shape.name} encodes it decodes, wherever it stands`, () => {
    const values = fc.record(
      Object.fromEntries(
        Object.entries(shape.fields).map(([field, kind]) => [field, VALUES[kind]]),
      ),
    ) as fc.Arbitrary<Record<string, Value<Kind>>>;
    fc.assert(
      fc.property(values, fc.nat(9), (given, before) => {
        const bytes = shape.encode(given as never);
        assert.equal(bytes.length, shape.size);
        const shifted = new Uint8Array(before + bytes.length + 1);
        shifted.set(bytes, before);
        assert.deepEqual({ ...shape.decode(shifted, before) }, { ...given });
      }),
      runs(200),
    );
  });
}

Deno.test("bytes are little-endian, and addresses as they are", () => {
  const shape = new Struct("x", { a: "u32", b: "u16", c: "u16", d: "u64", e: "address" });
  const e = Uint8Array.from({ length: 16 }, (_, i) => i);
  const bytes = shape.encode({ a: 0x04030201, b: 0x0605, c: 0x0807, d: 0x100f0e0d0c0b0a09n, e });
  assert.deepEqual([...bytes.slice(0, 16)], Array.from({ length: 16 }, (_, i) => i + 1));
  assert.deepEqual([...bytes.slice(16)], [...e]);
});

Deno.test("what does not fit is refused, never cut", () => {
  const shape = new Struct("x", { a: "u16", b: "u16", c: "i32", d: "address" });
  const good = { a: 1, b: 1, c: -1, d: new Uint8Array(16) };
  assert.equal(shape.encode(good).length, 24);
  for (const bad of [{ a: 65536 }, { a: -1 }, { b: 1.5 }, { c: 2 ** 31 }, { d: e4() }]) {
    assert.throws(() => shape.encode({ ...good, ...bad }), RangeError);
  }
  assert.throws(() => shape.decode(new Uint8Array(23)), /takes 24 bytes, not 23/);
});

Deno.test("a structure with padding is refused", () => {
  assert.throws(() => new Struct("x", { a: "u8", b: "u32" }), /padding before b/);
  assert.throws(() => new Struct("x", { a: "u32", b: "u8" }), /padding at its end/);
});

function e4(): Uint8Array {
  return new Uint8Array(4);
}
