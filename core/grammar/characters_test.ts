import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { isDigits, isMadeOf } from "./characters.ts";

Deno.test("isDigits takes ASCII digits alone", () => {
  for (const text of ["0", "007", "4294967295"]) assert.equal(isDigits(text), true, text);
  for (const text of ["", " 1", "1 ", "-1", "1e3", "0x1", "１２", "12\n"]) {
    assert.equal(isDigits(text), false, text);
  }
  assert.deepEqual([isDigits("123", 3), isDigits("1234", 3)], [true, false]);
});

Deno.test("isDigits agrees with the regular expression", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{0,5}.?$/));
  fc.assert(
    fc.property(text, (text) => isDigits(text, 4) === /^[0-9]{1,4}$/.test(text)),
    runs(1000),
  );
});

Deno.test("isMadeOf agrees with the regular expression, for every character", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_.:-]{0,5}.?$/));
  const agrees = (text: string) => isMadeOf(text, "_.:") === /^[A-Za-z0-9_.:]+$/.test(text);
  fc.assert(fc.property(text, agrees), runs(1000));
  for (let code = 0; code <= 0xffff; code++) {
    assert(agrees(String.fromCharCode(code)), `character ${code}`);
  }
});
