import { delay } from "core/time/clock.ts";
import assert from "node:assert/strict";
import { Turns } from "./turns.ts";

Deno.test(
  "heavy work comes one by one, and what takes many rounds is done in between",
  async () => {
    const turns = new Turns();
    const order: string[] = [];
    const heavy = async (name: string) => {
      const end = await turns.take();
      order.push(`${name} begins`);
      const until = performance.now() + 100;
      while (performance.now() < until);
      await delay(1);
      order.push(`${name} ends`);
      end();
    };
    const healthz = async () => {
      for (let round = 0; round < 12; round++) await delay(0);
      order.push("healthz");
    };
    const first = heavy("1");
    const second = heavy("2");
    await first;
    await Promise.all([healthz(), second]);
    assert.deepEqual(order, ["1 begins", "1 ends", "healthz", "2 begins", "2 ends"]);
    // The pause after a turn goes on after it: that of the last one, which takes no time, is waited for.
    (await turns.take())();
    await delay(20);
  },
);
