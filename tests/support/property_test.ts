import assert from "node:assert/strict";
import { randomFrom, runs } from "./property.ts";

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

Deno.test("random moments name a seed that draws them again", () => {
  const said: string[] = [];
  const first = randomFrom((line) => said.push(line), from({}));
  const seed = /^random moments: PROPERTY_SEED=(\d+)$/.exec(said.join())?.[1] ?? "";
  const again = randomFrom(() => {}, from({ PROPERTY_SEED: seed }));
  const drawn = Array.from({ length: 1000 }, () => first());
  assert.deepEqual(Array.from({ length: 1000 }, () => again()), drawn);
  assert.equal(new Set(drawn).size, 1000);
  assert.ok(drawn.every((number) => number >= 0 && number < 1));
});
