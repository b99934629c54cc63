import assert from "node:assert/strict";
import { sharedNames } from "./halves.ts";

const hot = new Set(["a.js", "b.js", "c.js"]);

Deno.test("what others import of the common modules is kept, each name once", () => {
  const text = [
    `import{a as x,b}from"./a.js";import"./c.js";import { b as y, $c } from "./a.js";`,
    `import{q}from"./cold.js";const later=()=>import("./cold.js");import{}from"./b.js";`,
  ].join("\n");
  assert.deepEqual(
    sharedNames(text, hot),
    new Map([["a.js", ["$c", "a", "b"]], ["c.js", []], ["b.js", []]]),
  );
});

Deno.test("an import in another form than the bundler's is an error, not a name that is missing", () => {
  for (
    const text of [
      `import*as all from"./a.js"`,
      `export*from"./b.js"`,
      `import{"odd name" as a}from"./a.js"`,
    ]
  ) {
    assert.throws(() => sharedNames(text, hot), { code: "KUMA-BUILD-005" }, text);
  }
});
