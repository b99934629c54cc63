import assert from "node:assert/strict";
import { Turns } from "./turns.ts";

Deno.test("heavy work comes one by one, and timers that are due come in between", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const heavy = async (name: string) => {
    await turns.take();
    const until = performance.now() + 5;
    while (performance.now() < until);
    order.push(name);
  };
  setTimeout(() => order.push("healthz"), 1);
  await Promise.all([heavy("1"), heavy("2"), heavy("3")]);
  assert.deepEqual(order.filter((one) => one !== "healthz"), ["1", "2", "3"]);
  assert.ok(order.indexOf("healthz") < 2, `${order}`);
});
