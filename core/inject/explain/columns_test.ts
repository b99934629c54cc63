import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { COLUMNS, table, wrapped } from "./columns.ts";

Deno.test("lines are as long as they may be, and nothing is lost", () => {
  const text = fc.array(
    fc.string({ minLength: 1, maxLength: 250 }).map((word) => word.replaceAll(/\s/g, "x")),
    {
      minLength: 1,
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(text, fc.nat({ max: 12 }), (words, indent) => {
      const lines = wrapped(words.join(" "), indent);
      for (const line of lines) assert.ok(line.length <= COLUMNS, line);
      assert.equal(lines.join("").replaceAll(" ", ""), words.join(""));
    }),
    runs(1000),
  );
});

Deno.test("a row that does not fit is put below its name", () => {
  const rows = [
    ["mesh", "default", "no label names another"],
    ["x".repeat(60), "y".repeat(60), "z ".repeat(80).trim()],
  ] as const;
  const lines = table(rows);
  assert.equal(lines[0]?.replaceAll(/ +/g, " "), " mesh default no label names another");
  for (const line of lines) assert.ok(line.length <= COLUMNS, line);
  assert.ok(lines.length > 4);
});
