import assert from "node:assert/strict";
import { delay } from "./clock.ts";
import { ManualClock } from "./testing/manual_clock.ts";

Deno.test("a manual clock wakes whoever waits, in order, also who waits again", async () => {
  const clock = new ManualClock(1000);
  const woken: [string, number][] = [];
  const wait = async (name: string, ...pauses: number[]) => {
    for (const ms of pauses) {
      await clock.delay(ms);
      woken.push([name, clock.now()]);
    }
  };
  void wait("a", 30, 10);
  void wait("b", 20, 20, 20);
  await clock.advance(45);
  assert.deepEqual(woken, [["b", 20], ["a", 30], ["b", 40], ["a", 40]]);
  assert.deepEqual([clock.now(), clock.wall(), clock.waiting], [45, 1045, 1]);
});

Deno.test("a delay ends with its signal and leaves nothing, on either clock", async () => {
  const clock = new ManualClock();
  for (const wait of [delay, clock.delay.bind(clock)]) {
    const end = new AbortController();
    const waited = wait(1e9, { signal: end.signal });
    end.abort();
    await waited;
    await wait(1e9, { signal: end.signal });
  }
  assert.equal(clock.waiting, 0);
});
