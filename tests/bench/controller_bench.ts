/**
 * The compiled kuma-controller against a real API server on the same machine: 5,000 meshed pods, 1,000 Services,
 * 200 nodes. From its start to all Dataplanes, one Service of 500 pods, single pods, a restart, and idle.
 *
 * `deno run -A tests/bench/controller_bench.ts [pods]`
 *
 * @module
 */
import { KubeClient } from "core/cluster/client.ts";
import { createObject } from "core/cluster/writes.ts";
import { dataplaneObject } from "core/dataplane/object.ts";
import { decideAbout } from "core/dataplane/testing.ts";
import type { JsonObject } from "core/patch/json.ts";
import { controllerAccount, Program } from "../controller/program.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { inParallel } from "../support/parallel.ts";
import { sleep, waitUntil } from "../support/processes.ts";
import { CROWD, furnish, podNames, setReady, type Size } from "./controller_cluster.ts";
import { DataplaneWatch } from "./controller_watch.ts";
import { percentile } from "./measure.ts";
import { processUsage } from "./process_usage.ts";

/** The size that the bounds are for. */
export const FULL: Size = { nodes: 200, services: 1000, pods: 5000, crowd: 500 };
const SYNC_SECONDS = 120;
const MIN_SHARE_OF_BARE_LOOP = 0.6;
const SERVICE_SECONDS = 10;
const POD_P50_MS = 250;
const POD_P99_MS = 1000;
const MAX_RSS_MIB = 300;
const MAX_BLOCKED_MS = 100;
const MAX_IDLE_CPU = 0.02;
const IDLE_SECONDS = 20;
/** Creates of the bare loop, and how many at once: as many as the controller has. */
const BARE = 1000;
const AT_ONCE = 10;
/** What it lists at its start; each once. */
const KINDS = 9;
const WAIT = { timeoutMs: 300_000 };

/** Runs it all; gives the number of missed bounds. */
export async function controllerBench(
  size: Size,
  print: (text: string) => void,
): Promise<number> {
  await using cluster = await startApiServer();
  const token = await controllerAccount(cluster);
  const { pods, services, nodes, crowd } = size;
  print(`## kuma-controller, ${pods} pods, ${services} Services, ${nodes} nodes\n\n`);
  await furnish(cluster, size);
  using client = new KubeClient({
    server: cluster.url,
    caPem: cluster.caPem,
    token: undefined,
    certificate: { cert: cluster.admin.certificate, key: cluster.admin.key },
  });
  let missed = 0;
  const judge = (name: string, value: string, kept: boolean, bound: string) => {
    print(`${name}: ${value} (${kept ? "ok" : "MISSED"}: ${bound})\n`);
    if (!kept) missed++;
  };
  const sample = await sampleOf(cluster, size);
  const before = await bareLoop(client, sample);
  const watch = await DataplaneWatch.start(client);
  const started = performance.now();
  let rate = 0;
  {
    await using program = await Program.start(cluster, { token });
    const usage = processUsage(program.pid);
    rate = await watchSync(program, watch, pods, usage.sample);
    const seconds = (performance.now() - started) / 1000;
    judge(
      "initial sync",
      `${seconds.toFixed(1)} s`,
      seconds <= SYNC_SECONDS,
      `<= ${SYNC_SECONDS} s`,
    );
    const crowdSeconds = await changeService(cluster, watch, crowd);
    judge(
      `one Service of ${crowd} pods`,
      `${crowdSeconds.toFixed(1)} s`,
      crowdSeconds <= SERVICE_SECONDS,
      `<= ${SERVICE_SECONDS} s`,
    );
    const ms = await changePods(cluster, watch, size);
    const [p50, p99] = [percentile(ms, 0.5), percentile(ms, 0.99)];
    judge(
      "one pod to its Dataplane",
      `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
      p50 <= POD_P50_MS && p99 <= POD_P99_MS,
      `<= ${POD_P50_MS} and ${POD_P99_MS} ms`,
    );
    const blocked = await blockedMs(program);
    judge(
      "event loop blocked",
      `${blocked.toFixed(0)} ms at most`,
      blocked <= MAX_BLOCKED_MS,
      `<= ${MAX_BLOCKED_MS} ms`,
    );
    const lists = program.lines("listed").length;
    judge("lists", String(lists), lists === KINDS, `${KINDS}, one of each kind`);
    const { peakMiB } = usage.end();
    judge("peak RSS", `${peakMiB.toFixed(0)} MiB`, peakMiB <= MAX_RSS_MIB, `<= ${MAX_RSS_MIB} MiB`);
    await program.end();
  }
  // The machine may be faster or slower by then: the mean of before and after.
  const bare = (before + await bareLoop(client, sample)) / 2;
  judge(
    "creates a second",
    `${rate.toFixed(0)}, bare loop ${bare.toFixed(0)}`,
    rate >= bare * MIN_SHARE_OF_BARE_LOOP,
    `>= ${MIN_SHARE_OF_BARE_LOOP * 100} % of the bare loop's`,
  );
  const idle = await restart(cluster, token, watch);
  judge("writes after a restart", String(idle.writes), idle.writes === 0, "none");
  judge(
    "idle CPU",
    `${(idle.cpuShare * 100).toFixed(1)} % of a core`,
    idle.cpuShare <= MAX_IDLE_CPU,
    `<= ${MAX_IDLE_CPU * 100} %`,
  );
  await watch.end();
  print("\n");
  return missed;
}

/** Creates a second of Dataplanes such as those of the pods, by a loop that does nothing else. */
async function bareLoop(client: KubeClient, sample: JsonObject): Promise<number> {
  const collection = "/apis/kuma.io/v1alpha1/namespaces/default/dataplanes";
  const metadata = sample.metadata as JsonObject;
  const started = performance.now();
  await inParallel(Array.from({ length: BARE }, (_, n) => `bare-${n}`), AT_ONCE, (name) => {
    const body = { ...sample, metadata: { ...metadata, name, namespace: "default" } };
    return createObject(client, collection, body);
  });
  const rate = BARE / ((performance.now() - started) / 1000);
  await client.json(collection, { method: "DELETE" });
  return rate;
}

/** The Dataplane of the last pod, as it will be. */
async function sampleOf(cluster: TestCluster, size: Size): Promise<JsonObject> {
  const get = (path: string) => cluster.request<JsonObject>("GET", path);
  const { namespace, name } = podNames(size).at(-1) ?? { namespace: "", name: "" };
  const pod = await get(`/api/v1/namespaces/${namespace}/pods/${name}`);
  const { items } = await get(`/api/v1/namespaces/${namespace}/services`);
  const decision = decideAbout({
    pod,
    namespace: await get(`/api/v1/namespaces/${namespace}`),
    node: await get(`/api/v1/nodes/${(pod.spec as JsonObject).nodeName}`),
    services: items as JsonObject[],
  });
  if (decision.is !== "present") throw new Error(`No Dataplane: ${JSON.stringify(decision)}`);
  return dataplaneObject(decision.dataplane);
}

/** Waits until there is a Dataplane of each pod; gives the rate from the first to the last. */
async function watchSync(
  program: Program,
  watch: DataplaneWatch,
  pods: number,
  sample: () => void,
): Promise<number> {
  await program.until("it leads", () => program.lines("lease acquired").length > 0);
  await waitUntil("all Dataplanes are there", () => {
    sample();
    return ofPods(watch).length >= pods;
  }, WAIT);
  const times = ofPods(watch);
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
  return pods / seconds;
}

function ofPods(watch: DataplaneWatch): number[] {
  return [...watch.seen].filter(([key]) => key.includes("/app-")).map(([, at]) => at);
}

/** Another port of the crowd's Service; seconds until all its pods have it. */
async function changeService(
  cluster: TestCluster,
  watch: DataplaneWatch,
  crowd: number,
): Promise<number> {
  const path = `/api/v1/namespaces/${CROWD.namespace}/services/${CROWD.service}`;
  const spec = { ports: [{ port: 81, targetPort: "http" }] };
  const contentType = "application/merge-patch+json";
  const started = performance.now();
  const changed = () =>
    [...watch.seen].filter(([key, at]) => key.startsWith(`${CROWD.namespace}/`) && at > started);
  await cluster.request("PATCH", path, { spec }, { contentType });
  await waitUntil("the crowd has the port", () => changed().length >= crowd, WAIT);
  return (Math.max(...changed().map(([, at]) => at)) - started) / 1000;
}

/** Pods that get unready, one after the other; milliseconds of each until its Dataplane says so, sorted. */
async function changePods(
  cluster: TestCluster,
  watch: DataplaneWatch,
  size: Size,
): Promise<number[]> {
  const ms: number[] = [];
  for (const [n, { namespace, name }] of podNames(size).entries()) {
    if (n % 25 !== 0) continue;
    const started = performance.now();
    await setReady(cluster, namespace, name, n, false);
    const key = `${namespace}/${name}`;
    await waitUntil("its Dataplane says so", () => (watch.seen.get(key) ?? 0) > started, WAIT);
    ms.push((watch.seen.get(key) ?? 0) - started);
  }
  return ms.sort((a, b) => a - b);
}

/** The longest that the event loop was blocked, as the program has measured it. */
async function blockedMs(program: Program): Promise<number> {
  const page = await program.page("/metrics");
  const found = /^kuma_controller_event_loop_blocked_max_seconds (.*)$/m.exec(page)?.[1];
  return Number(found ?? "Infinity") * 1000;
}

/** Starts it once more, where all is in order; what it writes, and what it costs to do nothing. */
async function restart(
  cluster: TestCluster,
  token: string,
  watch: DataplaneWatch,
): Promise<{ writes: number; cpuShare: number }> {
  const { count: eventsBefore } = await countEvents(cluster);
  const before = watch.events;
  await using program = await Program.start(cluster, { token });
  await program.leads();
  await program.until("it has looked at all", async () => {
    const page = await program.page("/metrics");
    return /workqueue_depth\{name="kuma-pod-controller"\} 0\n/.test(page) &&
      /reconcile_total\{controller="kuma-pod-controller",result="success"\} [1-9]/.test(page);
  });
  await sleep(3000);
  const usage = processUsage(program.pid);
  await sleep(IDLE_SECONDS * 1000);
  const { cpuShare } = usage.end();
  const { count: eventsAfter } = await countEvents(cluster);
  await program.end();
  return { writes: watch.events - before + eventsAfter - eventsBefore, cpuShare };
}

async function countEvents(cluster: TestCluster): Promise<{ count: number }> {
  const list = await cluster.request<{ items: JsonObject[] }>("GET", "/api/v1/events");
  return { count: list.items.length };
}

if (import.meta.main) {
  const pods = Number(Deno.args[0] ?? FULL.pods);
  const size = pods >= FULL.pods ? FULL : {
    nodes: Math.max(1, Math.round(pods / 25)),
    services: Math.max(20, Math.round(pods / 5)),
    pods,
    crowd: Math.round(pods / 10),
  };
  const write = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(text));
  Deno.exitCode = await controllerBench(size, write) === 0 ? 0 : 1;
}
