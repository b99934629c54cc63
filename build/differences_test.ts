import assert from "node:assert/strict";
import { CODES } from "../kumactl/codes.ts";
import { differencesPage, SECTIONS } from "./differences/page.ts";
import { ROOT } from "./task.ts";

const ALL = SECTIONS.flatMap(({ differences }) => differences);

Deno.test("docs/differences.md is what its source makes of it", () => {
  assert.equal(
    Deno.readTextFileSync(`${ROOT}/docs/differences.md`),
    differencesPage(),
    "run 'deno task differences'",
  );
});

Deno.test("every difference says what, why and what to do, in cells of a table, and once", () => {
  for (const difference of ALL) {
    for (const cell of Object.values(difference)) {
      assert.match(cell, /^\S[^\n|]*\S$/, difference.what);
    }
  }
  const subjects = SECTIONS.flatMap(({ title, differences }) =>
    differences.map(({ what }) => `${title}: ${what}`)
  );
  assert.equal(new Set(subjects).size, subjects.length);
});

Deno.test("codes that differences name exist", () => {
  const named = ALL.flatMap((one) =>
    Object.values(one).flatMap((cell) => cell.match(/KUMA-[A-Z]+-[0-9]{3}/g) ?? [])
  );
  assert.ok(named.length > 8);
  for (const code of named) assert.ok(Object.hasOwn(CODES, code), code);
});
