import assert from "node:assert/strict";
import process from "node:process";
import { delay } from "core/time/clock.ts";
import { EventLoop } from "./event_loop.ts";

Deno.test("a loop that is busy is told of", async () => {
  using loop = new EventLoop();
  await delay(120);
  const begun = process.threadCpuUsage();
  while (process.threadCpuUsage(begun).user < 200_000);
  await delay(60);
  assert.ok(loop.blockedSeconds >= 0.1, String(loop.blockedSeconds));
});
