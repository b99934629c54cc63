import assert from "node:assert/strict";
import { rulesetsPerSecond } from "./throughput.ts";

/** A machine that others disturb gets more than one; a core that is too slow is so in each of them. */
const TRIES = 5;

Deno.test("core builds and renders at least 2,000 default rulesets a second", () => {
  let best = 0;
  for (let tries = 0; tries < TRIES && best < 2_000; tries++) {
    best = Math.max(best, rulesetsPerSecond(500));
  }
  assert(best >= 2_000, `only ${Math.round(best)} a second`);
});
