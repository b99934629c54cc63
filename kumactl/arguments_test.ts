import assert from "node:assert/strict";
import { normalise } from "./arguments.ts";

const KINDS = { bools: new Set(["dry-run", "redirect-dns"]), valued: new Set(["config", "vnet"]) };

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
  for (const [words, expected] of cases) assert.deepEqual(normalise(words, KINDS), expected);
});

Deno.test("flags of the root command are taken anywhere and dropped with their values", () => {
  assert.deepEqual(
    normalise(["--log-level", "debug", "install", "--no-config", "--api-timeout=1s", "x"], KINDS),
    ["install", "x"],
  );
});
