import { delay } from "core/time/clock.ts";
import assert from "node:assert/strict";
import { unixLog } from "core/host/unix_log.ts";
import { createLogger } from "core/log/record.ts";
import { makeLog } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { listenForPlugin } from "./plugin_log.ts";
import { TestDir } from "../testing.ts";

Deno.test("the plugin's lines come out in our log, without secrets, and are counted", async () => {
  using dir = new TestDir();
  const lines: string[] = [];
  const metrics = new Metrics();
  const log = makeLog("info", "json", (line) => lines.push(line));
  using _listener = listenForPlugin(dir.places.logSocket, log, metrics);
  assert.equal((Deno.statSync(dir.places.logSocket).mode ?? 0) & 0o777, 0o600);
  const calls = Array.from({ length: 20 }, async (_, call) => {
    const sender = unixLog({ socket: dir.places.logSocket, file: `${dir.dir}/f`, budgetMs: 2000 });
    const fields = { command: "ADD", pod: `demo/${call}` };
    const logger = createLogger({ name: "kuma-cni", level: "info", sink: sender.sink, fields });
    logger.info("rules applied", { token: "secret-one" });
    if (call % 4 === 0) logger.error("failed", { duration_ms: 70 });
    else logger.info("done", { duration_ms: 70 });
    assert.equal(await sender.flush(), "socket");
  });
  await Promise.all(calls);
  const raw = await Deno.connect({ transport: "unix", path: dir.places.logSocket });
  await raw.write(new TextEncoder().encode("nonsense\n"));
  raw.close();
  while (lines.length < 40 || !metrics.page().includes("dropped_total 1")) {
    await delay(5);
  }
  assert.doesNotMatch(lines.join(""), /secret-one/);
  assert.match(lines[0] ?? "", /"logger":"kuma-cni"/);
  const text = metrics.page();
  assert.match(text, /kuma_cni_plugin_calls_total\{outcome="done",verb="ADD"\} 15\n/);
  assert.match(text, /kuma_cni_plugin_calls_total\{outcome="failed",verb="ADD"\} 5\n/);
  assert.match(text, /duration_seconds_bucket\{outcome="done",verb="ADD",le="0.1"\} 15\n/);
});

Deno.test("a stale socket is replaced, and a path that is too long is no failure", () => {
  using dir = new TestDir();
  const lines: string[] = [];
  const log = makeLog("info", "text", (line) => lines.push(line));
  Deno.listen({ transport: "unix", path: dir.places.logSocket }).close();
  listenForPlugin(dir.places.logSocket, log, new Metrics())[Symbol.dispose]();
  assert.deepEqual(lines, []);
  listenForPlugin(`/${"x".repeat(120)}`, log, new Metrics())[Symbol.dispose]();
  assert.match(lines[0] ?? "", /too long/);
});
