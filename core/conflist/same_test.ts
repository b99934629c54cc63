import assert from "node:assert/strict";
import { isSame } from "./same.ts";

Deno.test("isSame compares values, not the order of keys", () => {
  assert.ok(isSame({ a: [1, { b: null, c: "x" }] }, { a: [1, { c: "x", b: null }] }));
  const different: [unknown, unknown][] = [
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: 1 }, { b: 1 }],
    [[1, 2], [2, 1]],
    [[], {}],
    [null, {}],
    ["1", 1],
  ];
  for (const [a, b] of different) assert.ok(!isSame(a, b) && !isSame(b, a), JSON.stringify([a, b]));
});
