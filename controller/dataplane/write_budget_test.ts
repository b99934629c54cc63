import assert from "node:assert/strict";
import { ManualClock } from "core/time/testing/manual_clock.ts";
import { WriteBudget } from "./write_budget.ts";

Deno.test("ten writes at once, then one each two seconds, each Dataplane by itself", async () => {
  const clock = new ManualClock();
  const budget = new WriteBudget(clock);
  const taken = (key: string) => Array.from({ length: 11 }, () => budget.take(key));
  assert.deepEqual(taken("a"), [...Array(10).fill(0), 2000]);
  assert.deepEqual(taken("b"), [...Array(10).fill(0), 2000]);
  await clock.advance(1500);
  assert.equal(budget.take("a"), 500);
  await clock.advance(500);
  assert.deepEqual([budget.take("a"), budget.take("a")], [0, 2000]);
  budget.forget("a");
  assert.equal(budget.take("a"), 0);
});
