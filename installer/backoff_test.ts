import assert from "node:assert/strict";
import { BackOff, CALM_MS, FREE_ROUNDS } from "./backoff.ts";

Deno.test("the first rounds are free, later ones wait ever longer up to a limit, calm forgets", () => {
  const backOff = new BackOff();
  let now = 1000;
  for (let round = 1; round <= FREE_ROUNDS; round++) {
    assert.equal(backOff.pause(now), 0);
    assert.equal(backOff.wrote(now), round === FREE_ROUNDS);
  }
  const pauses: number[] = [];
  for (let round = 0; round < 8; round++) {
    const pause = backOff.pause(now);
    pauses.push(pause);
    assert.equal(backOff.pause(now + pause), 0);
    now += pause;
    assert.equal(backOff.wrote(now), false);
  }
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  assert.ok(backOff.fighting);
  assert.equal(backOff.pause(now + CALM_MS + 1), 0);
  assert.ok(!backOff.fighting);
});
