/**
 * An informer as a process of its own, for its figures: `deno run -A informer_subject.ts URL PATH`. When it has
 * listed it prints one JSON line: its memory, and how long its event loop stood still at the most.
 */
import { KubeClient } from "core/cluster/client.ts";
import { Informer } from "core/cluster/informer.ts";
import { silentLogger } from "core/log/logger.ts";
import { viewPod } from "core/kube/pod.ts";
import { writeAll } from "core/program/write_all.ts";

const [server = "", path = ""] = Deno.args;
using connection = new KubeClient({ server, caPem: undefined, token: undefined });
const informer = new Informer({
  name: "pods",
  path,
  keep: (object) => viewPod(object),
  connection,
  log: silentLogger,
});
const stop = new AbortController();
const before = Deno.memoryUsage().rss;
let longest = 0, last = performance.now();
const beat = setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - last);
  last = now;
}, 1);
const started = performance.now();
const running = informer.run(stop.signal);
await informer.until(() => informer.synced, stop.signal);
const listedMs = performance.now() - started;
const { rss } = Deno.memoryUsage();
clearInterval(beat);
stop.abort();
await running;
const figures = { objects: informer.size, before, rss, listedMs, longestMs: longest };
writeAll(Deno.stdout, `${JSON.stringify(figures)}\n`);
