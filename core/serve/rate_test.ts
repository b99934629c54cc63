import assert from "node:assert/strict";
import { Rate } from "./rate.ts";

Deno.test("a burst, then so many a second, and never more than the burst", () => {
  let now = 0;
  const rate = new Rate(3, 2, () => now);
  const taken = () => Array.from({ length: 5 }, () => rate.take()).filter(Boolean).length;
  assert.equal(taken(), 3);
  now += 499;
  assert.equal(taken(), 0);
  now += 1;
  assert.equal(taken(), 1);
  now += 1_000_000;
  assert.equal(taken(), 3);
});

Deno.test("it says how long to wait", () => {
  let now = 0;
  const rate = new Rate(1, 0.5, () => now);
  assert.equal(rate.waitMs, 0);
  assert.ok(rate.take());
  assert.equal(rate.waitMs, 2000);
  now += 1500;
  assert.ok(!rate.take());
  now += rate.waitMs;
  assert.ok(rate.take());
});
