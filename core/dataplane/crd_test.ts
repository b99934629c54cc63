import assert from "node:assert/strict";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { dataplaneDefinition } from "./crd.ts";

const version = (): JsonObject =>
  ((dataplaneDefinition().spec as JsonObject).versions as JsonObject[])[0] ?? {};

Deno.test("the columns are those of Kuma 2.9", () => {
  const columns = version().additionalPrinterColumns as JsonObject[];
  assert.deepEqual(columns.map(({ name, priority = 0 }) => [name, priority]), [
    ["kuma.io/service", 0],
    ["kuma.io/service", 0],
    ["kuma.io/service", 1],
    ["kuma.io/service", 1],
  ]);
  assert.equal(
    columns[2]?.jsonPath,
    ".spec.networking.inbound[2].tags['kuma\\.io/service']",
  );
});

Deno.test("every object with known fields keeps those that it does not know", () => {
  const wrong: string[] = [];
  const walk = (schema: Json | undefined, path: string): void => {
    if (!isObject(schema)) return;
    const { properties, items } = schema;
    if (isObject(properties)) {
      if (schema["x-kubernetes-preserve-unknown-fields"] !== true) wrong.push(path);
      for (const [name, one] of Object.entries(properties)) walk(one, `${path}/${name}`);
    }
    walk(items, `${path}[]`);
  };
  const schema = (version().schema as JsonObject).openAPIV3Schema as JsonObject;
  walk((schema.properties as JsonObject).spec, "spec");
  assert.deepEqual(wrong, []);
});
