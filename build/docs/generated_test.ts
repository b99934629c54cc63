import assert from "node:assert/strict";
import { ROOT } from "../task.ts";
import { generatedDocs } from "./generated.ts";

Deno.test("the files in docs that are made of tables are what the tables say", () => {
  for (const [folder, files] of generatedDocs()) {
    const there = [...Deno.readDirSync(`${ROOT}/${folder}`)].map(({ name }) => name);
    assert.deepEqual(there.toSorted(), [...files.keys()].toSorted(), "run 'deno task docs'");
    for (const [name, text] of files) {
      const path = `${folder}/${name}`;
      // Only which file it is: a difference of whole pages says less than 'git diff' after the task.
      assert.ok(Deno.readTextFileSync(`${ROOT}/${path}`) === text, `${path}: run 'deno task docs'`);
    }
  }
});
