import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { objectMembers } from "./json_members.ts";
import { runs } from "tests/support/property.ts";

const spans = (text: string) =>
  objectMembers(text).map(({ key, start, end }) => [key, text.slice(start, end)]);

Deno.test("objectMembers finds each value as it was written", () => {
  assert.deepEqual(spans(' { "a" : 1.0 , "b":[1,{"c":"]}"}] ,"c\\u0064":"x\\"}" , "e" : {}}\n'), [
    ["a", "1.0"],
    ["b", '[1,{"c":"]}"}]'],
    ["cd", '"x\\"}"'],
    ["e", "{}"],
  ]);
  assert.deepEqual(spans("{}"), []);
  assert.deepEqual(spans('{"a":true,"a":null}'), [["a", "true"], ["a", "null"]]);
});

Deno.test("any object's members are those that JSON.parse sees, whatever the blanks", () => {
  const keys = fc.string({ unit: anyCharacter });
  const object = fc.dictionary(keys, fc.jsonValue({ stringUnit: anyCharacter }), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 1, "\t", "\r\n "), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const found = objectMembers(text);
      assert.deepEqual(found.map(({ key }) => key), Object.keys(JSON.parse(text)));
      for (const { key, start, end } of found) {
        assert.deepEqual(JSON.parse(text.slice(start, end)), JSON.parse(text)[key]);
      }
    }),
    runs(2000),
  );
});
