import { delay } from "core/time/clock.ts";
import assert from "node:assert/strict";
import { Budget } from "./budget.ts";

const nobody = () => false;

/** What became of a wait so far. */
async function state(wait: Promise<boolean>): Promise<string> {
  const { promise: later, resolve } = Promise.withResolvers<"waits">();
  const timer = setTimeout(() => resolve("waits"), 5);
  const first = await Promise.race([wait, later]);
  clearTimeout(timer);
  return first === "waits" ? first : first ? "goes" : "refused";
}

Deno.test("requests share what there is, in their order", async () => {
  const budget = new Budget(10, nobody, 10_000);
  assert.ok(budget.tryTake(8));
  const second = budget.take(8);
  const third = budget.take(1);
  assert.equal(await state(second), "waits");
  assert.equal(await state(third), "waits", "nobody is overtaken");
  assert.equal(budget.tryTake(1), false, "not even by who would wait for nothing");
  budget.give(8);
  assert.equal(await state(second), "goes");
  assert.equal(await state(third), "goes");
  budget.give(9);
  assert.equal(budget.free, 10, "all was given back");
});

Deno.test("who waits too long is refused, and those behind go on", async () => {
  const budget = new Budget(10, nobody, 50);
  assert.ok(budget.tryTake(8));
  const long = budget.take(8);
  await delay(25);
  const short = budget.take(1);
  assert.equal(await long, false);
  assert.equal(await state(short), "goes");
});

Deno.test("as many give way as are needed, before anybody is refused", async () => {
  const held = [3, 3, 3];
  const budget: Budget = new Budget(10, () => {
    const bytes = held.pop();
    if (bytes !== undefined) budget.give(bytes);
    return bytes !== undefined;
  }, 10_000);
  assert.ok(budget.tryTake(9));
  assert.equal(await state(budget.take(5)), "goes");
  assert.deepEqual(held, [3], "and no more than that");
});
