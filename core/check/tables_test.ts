import assert from "node:assert/strict";
import { CHECK_TABLES } from "./tables.ts";

Deno.test("each check has a name of its own, a sentence for a title, one line to do, and a paragraph", () => {
  const names = new Set<string>();
  const sections = CHECK_TABLES.flatMap((table) => Object.values(table.sections));
  for (const [name, check] of sections.flatMap(({ checks }) => Object.entries(checks))) {
    assert.ok(!names.has(name), name);
    names.add(name);
    assert.match(name, /^[a-z][a-z0-9]*(-[a-z0-9]+)+$/);
    assert.match(check.title, /^\S[^\n]{5,70}[^.]$/, name);
    assert.match(check.todo, /^\S[^\n]{5,160}[^.]$/, name);
    assert.match(check.about, /^[A-Z`][^\n]{20,}\.$/, name);
  }
  assert.ok(names.size > 3);
});
