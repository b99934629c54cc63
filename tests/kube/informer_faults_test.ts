/**
 * The informer of a real API server over a network that falls silent.
 */
import assert from "node:assert/strict";
import { KubeClient } from "core/cluster/client.ts";
import { Informer } from "core/cluster/informer.ts";
import type { InformerTimes } from "core/cluster/informer_options.ts";
import { silentLogger } from "core/log/logger.ts";
import { requires } from "../support/requires.ts";
import { waitUntil } from "../support/processes.ts";
import { Relay } from "../webhook/cluster_relay.ts";
import { startApiServer, type TestCluster } from "./apiserver.ts";

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
