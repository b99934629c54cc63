import assert from "node:assert/strict";
import { inParallel } from "./parallel.ts";
import { sleep } from "./processes.ts";

Deno.test("results keep the items' order and the limit is never passed", async () => {
  let running = 0;
  let most = 0;
  const doubled = await inParallel([5, 1, 4, 2, 3], 2, async (n) => {
    most = Math.max(most, ++running);
    await sleep(n);
    running--;
    return n * 2;
  });
  assert.deepEqual(doubled, [10, 2, 8, 4, 6]);
  assert.equal(most, 2);
});

Deno.test("the first failure is thrown and nothing is begun after it", async () => {
  const begun: number[] = [];
  const work = inParallel([1, 2, 3, 4], 1, (n) => {
    begun.push(n);
    return n === 2 ? Promise.reject(new Error("two")) : Promise.resolve();
  });
  await assert.rejects(work, /two/);
  assert.deepEqual(begun, [1, 2]);
});
