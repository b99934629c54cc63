import assert from "node:assert/strict";
import { join } from "node:path";
import { TP_CODES } from "./tp_codes.ts";

const ROOT = join(import.meta.dirname ?? "", "../..");

async function* sources(dir: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts") && !/(_test|tp_codes)\.ts$/.test(name)) yield path;
  }
}

Deno.test("every KUMA-TP-0xx code that a source names is in the table, and none is idle", async () => {
  const used = new Set<string>();
  for (const room of ["core", "kumactl"]) {
    for await (const path of sources(join(ROOT, room))) {
      const text = await Deno.readTextFile(path);
      for (const [code] of text.matchAll(/KUMA-TP-0\d{2}/g)) used.add(code);
    }
  }
  assert.ok(used.size > 20, String(used.size));
  assert.deepEqual([...used].filter((code) => !Object.hasOwn(TP_CODES, code)), []);
  assert.deepEqual(Object.keys(TP_CODES).filter((code) => !used.has(code)), []);
});

Deno.test("the table says something about each code", () => {
  for (const [code, { title, todo }] of Object.entries(TP_CODES)) {
    assert.match(title, /^[A-Z].*[^.]$/, code);
    assert.match(todo, /^[A-Z].*\.$/, code);
  }
});
