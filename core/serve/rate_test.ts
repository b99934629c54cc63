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
