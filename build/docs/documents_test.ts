import assert from "node:assert/strict";
import { PROGRAMS } from "./programs.ts";
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
