import assert from "node:assert/strict";
import { speaksUtf8 } from "./locale.ts";

Deno.test("the first variable that is set decides, as for every program", () => {
  const cases: [Record<string, string>, boolean][] = [
    [{}, false],
    [{ LANG: "C" }, false],
    [{ LANG: "C.UTF-8" }, true],
    [{ LANG: "de_DE.utf8@euro" }, true],
    [{ LANG: "de_DE@euro" }, false],
    [{ LANG: "en_GB.UTF-8", LC_ALL: "POSIX" }, false],
    [{ LANG: "C", LC_CTYPE: "C.UTF-8" }, true],
    [{ LANG: "en_GB.UTF-8", LC_ALL: "" }, true],
  ];
  for (const [environment, expected] of cases) {
    assert.equal(speaksUtf8(environment), expected, JSON.stringify(environment));
  }
});
