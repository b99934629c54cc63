import assert from "node:assert/strict";
import { type Json, jsonCopy, withoutNulls } from "./json.ts";

const HOSTILE =
  '{"__proto__":{"a":[1,null,{"b":null}]},"constructor":null,"toString":"x","list":[null,[{}]]}';

Deno.test("a copy has every member, also one that is called __proto__, and shares none", () => {
  const value = JSON.parse(HOSTILE) as Json;
  const copy = jsonCopy(value);
  assert.equal(JSON.stringify(copy), HOSTILE);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  const { list } = copy as { list: Json[] };
  list.push("more");
  assert.equal(JSON.stringify(value), HOSTILE);
});

Deno.test("members that are null go, items of lists stay", () => {
  assert.equal(
    JSON.stringify(withoutNulls(JSON.parse(HOSTILE) as Json)),
    '{"__proto__":{"a":[1,null,{}]},"toString":"x","list":[null,[{}]]}',
  );
});
