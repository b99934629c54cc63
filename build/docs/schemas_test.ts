import assert from "node:assert/strict";
import { namedDefinitions } from "./schemas.ts";

Deno.test("a definition has a type's name, what has none stands where it is used", () => {
  const maps = "Readonly<Record<string,structure-1-2-3>>";
  const ref = (name: string) => ({ $ref: `#/definitions/${encodeURIComponent(name)}` });
  const schema = namedDefinitions({
    type: "object",
    properties: { maps: { ...ref(maps), description: "All." }, pods: { items: ref("Pod") } },
    definitions: {
      [maps]: { type: "object", additionalProperties: ref("Pod"), description: "Readonly." },
      Pod: { type: "object", properties: { counters: ref("Record<string,number>") } },
      "Record<string,number>": { type: "object", description: "Construct a type." },
    },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(schema)), {
    type: "object",
    properties: {
      maps: { type: "object", additionalProperties: ref("Pod"), description: "All." },
      pods: { items: ref("Pod") },
    },
    definitions: { Pod: { type: "object", properties: { counters: { type: "object" } } } },
  });
});
