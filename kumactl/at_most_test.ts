import assert from "node:assert/strict";
import { atMost } from "./at_most.ts";

Deno.test("a list that is too long for a person ends with how much there is beside", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, at) => `line ${at}`);
  assert.deepEqual(atMost(lines(20)), lines(20));
  assert.deepEqual(atMost(lines(10_000)), [...lines(20), "and 9980 more: -o json has them all"]);
});
