import assert from "node:assert/strict";
import { PROGRAMS } from "./programs.ts";
import { ROOT } from "../task.ts";
import { DOCUMENTS } from "./documents.ts";

Deno.test("a command that prints documents names a schema that there is, and the other way round", () => {
  const named = new Set<string>();
  for (const { name: program, commands } of PROGRAMS) {
    for (const [command, { flags, schema }] of Object.entries(commands)) {
      const formats = flags.find(({ name }) => name === "output")?.choices ?? [];
      const about = `${program} ${command}`;
      assert.equal(formats.includes("json"), schema !== undefined, about);
      if (schema === undefined) continue;
      assert.ok(Object.hasOwn(DOCUMENTS, schema), `${about}: ${schema} is in no table`);
      named.add(schema);
    }
  }
  assert.deepEqual([...named].toSorted(), Object.keys(DOCUMENTS).toSorted());
});

Deno.test("real output of every document is held against its schema by a test", () => {
  const tests = ["tests", "kumactl", "core", "webhook", "installer", "ebpf-loader"]
    .map((folder) => sources(`${ROOT}/${folder}`)).join("\n");
  for (const name of Object.keys(DOCUMENTS)) {
    assert.ok(tests.includes(`"${name}"`), `checkedDocument(…, "${name}") is in no test`);
  }
});

/** The tests of a folder, and what helps them, that hold documents against schemas. */
function sources(folder: string): string {
  return Deno.readDirSync(folder).map(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return sources(path);
    if (!name.endsWith(".ts")) return "";
    const text = Deno.readTextFileSync(path);
    return text.includes("checkedDocument") ? text : "";
  }).toArray().join("\n");
}
