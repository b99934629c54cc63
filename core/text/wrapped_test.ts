import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { beside, wrapped } from "./wrapped.ts";

Deno.test("lines are as long as they may be, and nothing is lost", () => {
  const text = fc.array(
    fc.string({ minLength: 1, maxLength: 250 }).map((word) => word.replaceAll(/\s/g, "x")),
    {
      minLength: 1,
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(
      text,
      fc.nat({ max: 12 }),
      fc.integer({ min: 20, max: 120 }),
      (words, indent, columns) => {
        const lines = wrapped(words.join(" "), indent, columns);
        for (const line of lines) assert.ok(line.length <= columns, line);
        assert.equal(lines.join("").replaceAll(" ", ""), words.join(""));
      },
    ),
    runs(1000),
  );
});

Deno.test("a text beside its head goes on below itself", () => {
  assert.deepEqual(beside("x: ", "one two three", 10), ["x: one two", "   three"]);
});

Deno.test("where there is no room at all, a text has one letter a line, and an end", () => {
  for (const columns of [-5, 0, 1]) assert.deepEqual(wrapped("ab c", 0, columns), ["a", "b", "c"]);
});
