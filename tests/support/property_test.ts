import assert from "node:assert/strict";
import { runs } from "./property.ts";

const from = (variables: Record<string, string>) => (name: string) => variables[name];

Deno.test("few cases for a person, all in CI, and what the variables say before both", () => {
  assert.deepEqual(runs(10_000, from({})), { numRuns: 300 });
  assert.deepEqual(runs(200, from({})), { numRuns: 200 });
  assert.deepEqual(runs(10_000, from({ CI: "true" })), { numRuns: 10_000 });
  assert.deepEqual(runs(10_000, from({ CI: "true", PROPERTY_RUNS: "7" })), { numRuns: 7 });
  assert.deepEqual(runs(200, from({ PROPERTY_SEED: "-766997710" })), {
    numRuns: 200,
    seed: -766997710,
  });
  assert.throws(() => runs(1, from({ PROPERTY_RUNS: "many" })), /Cannot use PROPERTY_RUNS "many"/);
});
