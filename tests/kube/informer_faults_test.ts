/**
 * Informer, work queue and Lease of a real API server: over a network that falls silent, and where it has no room.
 */
import assert from "node:assert/strict";
import { ApiError, KubeClient } from "core/cluster/client.ts";
import { Informer } from "core/cluster/informer.ts";
import type { InformerTimes } from "core/cluster/informer_options.ts";
import { leadWithLease } from "core/cluster/lease.ts";
import { WorkQueue } from "core/cluster/work_queue.ts";
import { createObject } from "core/cluster/writes.ts";
import { silentLogger } from "core/log/logger.ts";
import { requires } from "../support/requires.ts";
import { sleep, waitUntil } from "../support/processes.ts";
import { Relay } from "../webhook/cluster_relay.ts";
import { startApiServer, type TestCluster } from "./apiserver.ts";
import { BusyRelay } from "./busy_relay.ts";

const test = requires("etcd");
const MAPS = "/api/v1/namespaces/default/configmaps";
const SLOW = { timeoutMs: 60_000 };

/** An informer of the ConfigMaps of `default`, until it is disposed of. */
function watching(client: KubeClient, times: Partial<InformerTimes>) {
  const informer = new Informer<string>({
    name: "configmaps",
    path: MAPS,
    keep: ({ data }) => JSON.stringify(data ?? {}),
    connection: client,
    log: silentLogger,
    times,
  });
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  return {
    informer,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

const put = (cluster: TestCluster, name: string, a: string) =>
  cluster.request("POST", MAPS, { metadata: { name }, data: { a } });

test("a watch whose network falls silent is given up and made anew, with what was missed", async () => {
  await using cluster = await startApiServer();
  await put(cluster, "one", "1");
  await using relay = new Relay(cluster.port);
  using client = new KubeClient({
    server: `https://127.0.0.1:${relay.port}`,
    caPem: cluster.caPem,
    certificate: { cert: cluster.admin.certificate, key: cluster.admin.key },
    token: undefined,
  });
  const times = { watchSeconds: () => 2, graceMs: 500, answerMs: 2000, backoffMs: () => 1 };
  await using it = watching(client, times);
  await waitUntil("it is synced", () => it.informer.synced, SLOW);
  await put(cluster, "two", "2");
  await waitUntil("events come", () => it.informer.get("default/two") !== undefined, SLOW);
  relay.silence();
  await put(cluster, "three", "3");
  await cluster.request("DELETE", `${MAPS}/one`);
  await waitUntil("it knows what was missed", () => {
    return it.informer.get("default/three") !== undefined &&
      it.informer.get("default/one") === undefined;
  }, SLOW);
  assert.ok((it.informer.restarts.get("silence") ?? 0) > 0, "by a watch made anew");
});

test("a server that has no room is left alone for as long as it asks, and nothing is lost", async () => {
  await using cluster = await startApiServer();
  await using relay = new BusyRelay(cluster, cluster.admin);
  using client = new KubeClient({ server: relay.url, caPem: cluster.caPem, token: undefined });
  await using it = watching(client, { backoffMs: () => 1 });
  const stop = new AbortController();
  const queue = new WorkQueue({ firstRetryMs: 1 });
  it.informer.subscribe(({ key }) => key.startsWith("default/in-") && queue.add(key));
  const failures: unknown[] = [];
  const working = queue.run(async (key, signal) => {
    const name = key.replace("default/in-", "out-");
    await createObject(client, MAPS, { metadata: { name } }, { signal });
  }, { signal: stop.signal, failed: (_, thrown) => failures.push(thrown) });
  let leads = false;
  const about = { namespace: "default", name: "l", identity: "a", log: silentLogger };
  const leading = leadWithLease(
    { client, ...about, durationMs: 30_000, renewMs: 20_000, retryMs: 100 },
    async (signal) => {
      leads = true;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
    stop.signal,
  );
  await put(cluster, "in-0", "");
  const written = (name: string) => () => it.informer.get(`default/${name}`) !== undefined;
  await waitUntil("it works", written("out-0"), SLOW);
  await waitUntil("it leads", () => leads, SLOW);

  relay.busy = true;
  queue.add("default/in-1");
  await waitUntil("the write is refused", () => failures.length > 0, SLOW);
  relay.cut();
  const before = relay.refused.length;
  for (const name of ["in-1", "in-2"]) await put(cluster, name, "");
  await sleep(3000);
  const asked = relay.refused.slice(before);
  relay.busy = false;
  for (const name of ["out-1", "out-2"]) await waitUntil(name, written(name), SLOW);
  // Watch, write and Lease, each at most once a second, though their own pauses are of 1 to 100 ms.
  assert.ok(asked.some((one) => one.includes("watch=")), asked.join("\n"));
  assert.ok(asked.some((one) => one.startsWith("POST")), asked.join("\n"));
  assert.ok(asked.length <= 15, asked.join("\n"));
  assert.ok((it.informer.restarts.get("status 429") ?? 0) > 0);
  assert.ok(failures.every((thrown) => thrown instanceof ApiError && thrown.status === 429));
  stop.abort();
  assert.equal(await leading, "ended", "it was leader all the time");
  await working;
});
