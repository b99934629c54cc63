import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import jsonpatch, { type Operation } from "fast-json-patch";
import { jsonDiff } from "./diff.ts";
import { type Json, jsonCopy } from "./json.ts";

const applied = (before: Json, after: Json): Json =>
  jsonpatch.applyPatch(jsonCopy(before), jsonDiff(before, after) as Operation[], true).newDocument;

Deno.test("items put before and between others are added, the others are left alone", () => {
  assert.deepEqual(
    jsonDiff(
      { containers: [{ name: "a", image: "x" }, { name: "b" }] },
      { containers: [{ name: "new" }, { name: "a", image: "y" }, { name: "b" }] },
    ),
    [
      { op: "add", path: "/containers/0", value: { name: "new" } },
      { op: "replace", path: "/containers/1/image", value: "y" },
    ],
  );
});

Deno.test("keys are escaped, missing maps are added whole", () => {
  assert.deepEqual(
    jsonDiff({ metadata: { labels: { a: "1" } } }, {
      metadata: { labels: { a: "1", "kuma.io/mesh": "m" }, annotations: { "x/y": "z" } },
    }),
    [
      { op: "add", path: "/metadata/labels/kuma.io~1mesh", value: "m" },
      { op: "add", path: "/metadata/annotations", value: { "x/y": "z" } },
    ],
  );
});

Deno.test("lists whose items cannot be told apart are replaced", () => {
  assert.deepEqual(jsonDiff({ args: ["a", "b"] }, { args: ["b", "a"] }), [
    { op: "replace", path: "/args", value: ["b", "a"] },
  ]);
});

Deno.test("equal documents need nothing", () => {
  assert.deepEqual(jsonDiff({ a: [1, { b: null }] }, { a: [1, { b: null }] }), []);
});

Deno.test("the patch always leads to the document", () => {
  const named = fc.uniqueArray(
    fc.record({ name: fc.constantFrom("a", "b", "c", "d"), value: fc.jsonValue({ maxDepth: 1 }) }),
    { selector: (item) => item.name },
  );
  const document = fc.record({ list: named, other: fc.jsonValue(), texts: fc.array(fc.string()) }, {
    requiredKeys: [],
  });
  fc.assert(
    fc.property(document, document, (left, right) => {
      const before = JSON.parse(JSON.stringify(left)) as Json;
      const after = JSON.parse(JSON.stringify(right)) as Json;
      assert.deepEqual(applied(before, after), after);
    }),
    runs(100),
  );
});
