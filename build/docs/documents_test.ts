import assert from "node:assert/strict";
import { PROGRAMS } from "./programs.ts";
import { isSource, sourcesBelow } from "tests/support/sources.ts";
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
    .map((folder) =>
      sourcesBelow(`${ROOT}/${folder}`, (name) => !isSource(name) || folder === "tests")
    )
    .join("");
  for (const name of Object.keys(DOCUMENTS)) {
    const near = `checkedDocument[^]{0,400}"${name}"|"${name}"[^]{0,400}checkedDocument`;
    assert.match(tests, new RegExp(near), `checkedDocument(…, "${name}") is in no test`);
  }
});
