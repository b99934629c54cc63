import assert from "node:assert/strict";
import { corpus } from "./conflists.ts";

Deno.test("the corpus has the kinds of files that nodes have", () => {
  const files = corpus();
  const some = (test: (file: { name: string; text: string }) => boolean) =>
    files.filter(test).length;
  assert.ok(files.length >= 25);
  assert.ok(some(({ name }) => name.endsWith(".conf")) >= 5);
  assert.ok(some(({ text }) => text.includes("\r\n")) >= 2);
  assert.ok(some(({ text }) => text.startsWith("\u00ef\u00bb\u00bf")) >= 1);
  assert.ok(some(({ text }) => /^\s*\/\//.test(text)) >= 1);
  assert.ok(some(({ text }) => text.includes("\t")) >= 2);
  assert.ok(some(({ text }) => !text.endsWith("\n")) >= 4);
});
