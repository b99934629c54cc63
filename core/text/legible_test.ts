import assert from "node:assert/strict";
import { legible, legibleLine } from "./legible.ts";

Deno.test("what would command a terminal is shown, and all else stays", () => {
  const cases: [string, string][] = [
    ["plain\ttext\nüber zwei Zeilen ✓ 漢字 😀\n", "plain\ttext\nüber zwei Zeilen ✓ 漢字 😀\n"],
    ["a\x1b[31mred", "a\\u001b[31mred"],
    ["\x1b]0;title\x07", "\\u001b]0;title\\u0007"],
    ["over\rwritten\b\x7f", "over\\u000dwritten\\u0008\\u007f"],
    ["eight bits: \u009b31m", "eight bits: \\u009b31m"],
    [
      "turned \u202egnp.exe\u202c\u2066 \u2028\0",
      "turned \\u202egnp.exe\\u202c\\u2066 \\u2028\\u0000",
    ],
  ];
  for (const [given, shown] of cases) assert.equal(legible(given), shown);
});

Deno.test("JSON says the same afterwards", () => {
  const value = { "k\u009b": "a\x1b\u202e\u2028\x7f" };
  const text = legible(JSON.stringify(value));
  assert.deepEqual(JSON.parse(text), value);
});

Deno.test("a line stays one line, with its indent", () => {
  assert.equal(
    legibleLine("  a\nTransparent proxy: in place\r"),
    "  a\\nTransparent proxy: in place\\u000d",
  );
});
