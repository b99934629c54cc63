import assert from "node:assert/strict";
import { checksPage, PAGE_MARK } from "./page.ts";
import { CHECK_TABLES } from "./tables.ts";

Deno.test("docs/check.md is what the tables of checks say", async () => {
  const path = new URL("../../docs/check.md", import.meta.url);
  const page = await Deno.readTextFile(path);
  const [byHand, ...rest] = page.split(PAGE_MARK);
  assert.equal(rest.length, 1, "the mark is there once");
  const wanted = `${byHand}${PAGE_MARK}\n${checksPage()}`;
  if (Deno.env.get("UPDATE_DOCS") === "1") return await Deno.writeTextFile(path, wanted);
  assert.ok(page === wanted, "write it anew: UPDATE_DOCS=1 deno test -A core/check");
});

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
