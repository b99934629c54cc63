import assert from "node:assert/strict";
import { COLUMNS, table } from "./columns.ts";

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
