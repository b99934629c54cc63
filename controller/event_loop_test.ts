import assert from "node:assert/strict";
import process from "node:process";
import { delay } from "core/time/clock.ts";
import { EventLoop } from "./event_loop.ts";

Deno.test("a loop that is busy is told of, one that waits is not", async () => {
  using loop = new EventLoop();
  await delay(120);
  const before = loop.blockedSeconds;
  const begun = process.cpuUsage();
  while (process.cpuUsage(begun).user < 200_000);
  await delay(60);
  assert.ok(loop.blockedSeconds >= 0.12, String(loop.blockedSeconds));
  assert.ok(before < loop.blockedSeconds, String(before));
});
