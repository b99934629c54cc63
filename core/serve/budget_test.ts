import assert from "node:assert/strict";
import { Budget } from "./budget.ts";

const MB = 1024 * 1024;

/** What became of a wait so far. */
async function state(wait: Promise<unknown>): Promise<string> {
  const pending = Symbol();
  let timer = 0;
  const later = new Promise((go) => timer = setTimeout(() => go(pending), 5));
  const first = await Promise.race([wait, later]);
  clearTimeout(timer);
  return first === pending ? "waits" : first === undefined ? "refused" : "goes";
}

Deno.test("large bodies share what there is, in their order; small ones wait for nobody", async () => {
  const budget = new Budget(10 * MB, 10_000);
  const first = await budget.take(8 * MB);
  const second = budget.take(8 * MB);
  const third = budget.take(MB);
  assert.equal(await state(second), "waits");
  assert.equal(await state(third), "waits", "nobody is overtaken");
  assert.equal(await state(budget.take(20_000)), "goes");
  first?.();
  assert.equal(await state(second), "goes");
  assert.equal(await state(third), "goes");
  (await second)?.();
  (await third)?.();
  assert.equal(await state(budget.take(10 * MB)), "goes", "all was given back");
});

Deno.test("who waits too long is refused, and those behind go on", async () => {
  const budget = new Budget(10 * MB, 50);
  await budget.take(8 * MB);
  const long = budget.take(8 * MB);
  await new Promise((go) => setTimeout(go, 25));
  const short = budget.take(MB);
  assert.equal(await long, undefined);
  assert.equal(await state(short), "goes");
});
