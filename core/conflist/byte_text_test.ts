import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { asciiJson, bomLength, bytesOf, byteText } from "./byte_text.ts";

Deno.test("any bytes come back as they went", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
      assert.deepEqual(bytesOf(byteText(bytes)), new Uint8Array(bytes));
    }),
    runs(100),
  );
});

Deno.test("ordinary text is refused, not damaged", () => {
  assert.throws(() => bytesOf("€"), RangeError);
});

Deno.test("asciiJson reads back the same from ASCII alone", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = asciiJson(value);
      assert.ok([...text].every((unit) => unit < "\u007f"));
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
    runs(100),
  );
});

Deno.test("bomLength counts the bytes of a BOM", () => {
  assert.equal(bomLength(byteText(new TextEncoder().encode("\ufeff{}"))), 3);
  assert.equal(bomLength("{}"), 0);
});
