import assert from "node:assert/strict";
import process from "node:process";
import { delay } from "core/time/clock.ts";
import { EventLoop } from "./event_loop.ts";

Deno.test("a loop that is busy is told of", async () => {
  using loop = new EventLoop();
  await delay(120);
  const begun = process.cpuUsage();
  while (process.cpuUsage(begun).user < 200_000);
  await delay(60);
  // Other threads of this process have their part of the 200 ms.
  assert.ok(loop.blockedSeconds >= 0.05, String(loop.blockedSeconds));
});
