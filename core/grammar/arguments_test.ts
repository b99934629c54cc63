import assert from "node:assert/strict";
import { normalise } from "./arguments.ts";

const FLAGS = [
  ...["dry-run", "redirect-dns"].map((name) => ({ name, bool: true })),
  ...["config", "vnet"].map((name) => ({ name, bool: false })),
];

Deno.test("a bool flag takes a value only with =, every other flag takes the next word", () => {
  const cases: [string[], string[]][] = [
    [["--dry-run", "false"], ["--dry-run=true", "false"]],
    [["--dry-run=false"], ["--dry-run=false"]],
    [["--config", "--dry-run"], ["--config=--dry-run"]],
    [["--config="], ["--config="]],
    [["--vnet", "a:b", "--vnet=c:d"], ["--vnet=a:b", "--vnet=c:d"]],
    [["--config"], ["--config"]],
    [["--nope", "x", "-h"], ["--nope", "x", "-h"]],
    [["--", "--dry-run"], ["--", "--dry-run"]],
    [[], []],
  ];
  for (const [words, expected] of cases) assert.deepEqual(normalise(words, FLAGS), expected);
});

Deno.test("flags of the root command are taken anywhere and dropped with their values", () => {
  assert.deepEqual(
    normalise(
      ["--log-level", "debug", "install", "--no-config", "--api-timeout=1s", "x"],
      FLAGS,
      new Map([["log-level", true], ["api-timeout", true], ["no-config", false]]),
    ),
    ["install", "x"],
  );
});
