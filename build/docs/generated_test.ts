import assert from "node:assert/strict";
import { ROOT } from "../task.ts";
import { GENERATED_FOLDERS, generatedDocs } from "./generated.ts";

Deno.test("the files in docs that are made of tables are what the tables say", () => {
  const files = generatedDocs();
  for (const folder of GENERATED_FOLDERS) {
    for (const { name } of Deno.readDirSync(`${ROOT}/${folder}`)) {
      assert.ok(files.has(`${folder}/${name}`), `${folder}/${name}: run 'deno task docs'`);
    }
  }
  for (const [path, text] of files) {
    // Only which file it is: a difference of whole pages says less than 'git diff' after the task.
    assert.ok(textAt(`${ROOT}/${path}`) === text, `${path}: run 'deno task docs'`);
  }
});

function textAt(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
