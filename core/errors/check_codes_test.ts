import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECK_CODES } from "./check_codes.ts";

const ROOT = join(import.meta.dirname ?? "", "../..");

/** All sources of a folder that are no tests. */
function sources(folder: string): string {
  return Deno.readDirSync(folder).map(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return sources(path);
    return name.endsWith(".ts") && !name.endsWith("_test.ts") ? Deno.readTextFileSync(path) : "";
  }).toArray().join("\n");
}

Deno.test("every code of a check is found by one, and says what to do in a full sentence", () => {
  const text = sources(join(ROOT, "core/check")) + sources(join(ROOT, "kumactl"));
  for (const [code, { title, todo }] of Object.entries(CHECK_CODES)) {
    assert.ok(text.includes(`"${code}"`), `${code} is idle`);
    assert.match(title, /^[A-Z].*[^.]$/, code);
    assert.match(todo, /^[A-Z'].*\.$/, code);
  }
});
