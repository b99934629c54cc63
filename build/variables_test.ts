import assert from "node:assert/strict";
import { PROGRAM_VARIABLES } from "core/manifests/values/variables.ts";
import { SETTINGS as CONTROLLER } from "../controller/settings/table.ts";
import { SETTINGS as WEBHOOK } from "core/inject/settings/table.ts";

Deno.test("the manifests know the variables of webhook and controller, and no others", () => {
  const read = [...Object.values(WEBHOOK), ...Object.values(CONTROLLER)].map(({ env }) => env);
  assert.deepEqual(PROGRAM_VARIABLES, [...new Set(read)].sort());
});
