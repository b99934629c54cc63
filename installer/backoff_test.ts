import assert from "node:assert/strict";
import { BackOff, CALM_MS, ENDED_MS, FREE_ROUNDS } from "./backoff.ts";

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

/** A back-off in the middle of a fight, and the time in it. */
function fighting(): { backOff: BackOff; now: number } {
  const backOff = new BackOff();
  let now = 1000;
  for (let round = 0; round < FREE_ROUNDS + 5; round++) {
    backOff.wrote(now);
    now += backOff.pause(now);
  }
  backOff.wrote(now);
  return { backOff, now };
}

Deno.test("an agent that writes by itself and ends is not waited for, one that only answers is", () => {
  const ten = fighting();
  for (let write = 0; write < 5; write++) {
    ten.now += 100;
    ten.backOff.saw(`version ${write}`, ten.now);
    assert.ok(ten.backOff.pause(ten.now) > ENDED_MS, "it is still at work");
  }
  ten.backOff.saw("version 4", ten.now + ENDED_MS - 1);
  assert.ok(ten.backOff.pause(ten.now + ENDED_MS - 1) > 0);
  assert.equal(ten.backOff.pause(ten.now + ENDED_MS), 0);
  assert.ok(!ten.backOff.fighting, "all is forgotten");

  const answers = fighting();
  for (let look = 0; look < 5; look++) {
    answers.now += ENDED_MS;
    answers.backOff.saw("its answer", answers.now);
    assert.ok(answers.backOff.pause(answers.now) > 0);
  }
});
