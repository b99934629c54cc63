/**
 * The webhook's view of the cluster, kept over what happens to a real API server and to the way there.
 */
import assert from "node:assert/strict";
import { silentLogger } from "core/log/logger.ts";
import { containerPatchDefinition } from "core/patch/crd.ts";
import { ApiError, KubeClient } from "core/cluster/client.ts";
import { findEndpoint } from "core/cluster/credentials.ts";
import { InformedCluster } from "../../webhook/cluster/informed_cluster.ts";
import { loadSettings } from "core/inject/settings/load.ts";
import { type Definition, startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { Relay } from "./cluster_relay.ts";
import { MESH_DEFINITION, MESHES, PATCHES } from "./test_webhook.ts";

const test = requires("etcd");

/** A view that runs until it is disposed of, through a relay where a port is given. */
function view(cluster: TestCluster, port = cluster.port) {
  const { settings } = loadSettings(undefined, {});
  const connection = new KubeClient({
    server: `https://127.0.0.1:${port}`,
    caPem: cluster.caPem,
    certificate: { cert: cluster.admin.certificate, key: cluster.admin.key },
    token: undefined,
  });
  const informed = new InformedCluster(
    connection,
    { ...settings, configMapName: "proxy" },
    silentLogger,
  );
  const stop = new AbortController();
  const running = informed.run(stop.signal);
  return {
    informed,
    restarts: (name: string, cause: string) =>
      informed.informers.find((one) => one.name === name)?.restarts.get(cause) ?? 0,
    synced: () => waitUntil("it is synced", () => informed.waitingFor.length === 0, SLOW),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      connection[Symbol.dispose]();
    },
  };
}

const SLOW = { timeoutMs: 60_000 };
const labels = (cluster: TestCluster, name: string, value: string) =>
  cluster.request("PATCH", `/api/v1/namespaces/${name}`, { metadata: { labels: { value } } }, {
    contentType: "application/merge-patch+json",
  });

test("definitions that come later are waited for, and objects of every kind are seen", async () => {
  await using cluster = await startApiServer();
  await using it = view(cluster);
  await waitUntil("what is served is synced", () => it.informed.waitingFor.length === 2);
  assert.deepEqual(it.informed.waitingFor, ["meshes", "containerpatches"]);
  await cluster.applyCrd(MESH_DEFINITION);
  await cluster.applyCrd(containerPatchDefinition() as Definition);
  await it.synced();

  await cluster.createNamespace("kuma-system", { "kuma.io/mesh": "blue" });
  await cluster.request("POST", MESHES, {
    apiVersion: "kuma.io/v1alpha1",
    kind: "Mesh",
    metadata: { name: "blue" },
  });
  await cluster.request("POST", PATCHES, {
    apiVersion: "kuma.io/v1alpha1",
    kind: "ContainerPatch",
    metadata: { name: "tune" },
    spec: { sidecarPatch: [{ op: "remove", path: "/args" }] },
  });
  const maps = "/api/v1/namespaces/kuma-system/configmaps";
  await cluster.request("POST", maps, {
    metadata: { name: "proxy" },
    data: { "config.yaml": "a: grüße", other: "dropped" },
  });
  const { informed } = it;
  await waitUntil("all is seen", () => informed.configMap("kuma-system", "proxy"));
  await waitUntil("all is seen", () => informed.hasMesh("blue") && informed.containerPatch("tune"));
  assert.equal(informed.namespace("kuma-system")?.labels["kuma.io/mesh"], "blue");
  assert.deepEqual(informed.configMap("kuma-system", "proxy"), { "config.yaml": "a: grüße" });
  await cluster.request("DELETE", `${PATCHES}/tune`);
  await waitUntil("the deletion is seen", () => informed.containerPatch("tune") === undefined);
});

test("an API server that restarts is watched again, and what changed meanwhile is seen", async () => {
  await using cluster = await startApiServer();
  await cluster.createNamespace("kuma-system");
  await cluster.createNamespace("one");
  await using relay = new Relay(cluster.port);
  await using it = view(cluster, relay.port);
  await waitUntil("it is listed", () => it.informed.namespace("one"));

  await cluster.stopServer();
  assert.notEqual(it.informed.namespace("one"), undefined, "what was known is still known");
  await cluster.startServer();
  await labels(cluster, "one", "after");
  await waitUntil(
    "the change is seen",
    () => it.informed.namespace("one")?.labels.value === "after",
    SLOW,
  );

  // Cut off while objects change and the server restarts once more.
  relay.cut();
  await labels(cluster, "one", "unseen");
  await cluster.createNamespace("two");
  await cluster.restart();
  await labels(cluster, "one", "seen");
  relay.mend();
  await waitUntil("all is seen", () => {
    const { informed } = it;
    return informed.namespace("one")?.labels.value === "seen" && informed.namespace("two");
  }, SLOW);
  assert.ok(it.restarts("namespaces", "connection") > 0);
});

test("a version that the server has forgotten is answered with 410 and listed anew", async () => {
  await using cluster = await startApiServer({
    apiServerArgs: ["--watch-cache=false", "--etcd-compaction-interval=1s"],
  });
  const { metadata } = await cluster.createNamespace("one");
  await using relay = new Relay(cluster.port);
  await using it = view(cluster, relay.port);
  await waitUntil("it is listed", () => it.informed.namespace("one"));
  relay.cut();
  await cluster.request("DELETE", "/api/v1/namespaces/one");
  await labels(cluster, "default", "later");
  const watch = `?watch=true&timeoutSeconds=1&resourceVersion=${metadata?.resourceVersion}`;
  await waitUntil("that version is forgotten", async () => {
    await labels(cluster, "kube-system", crypto.randomUUID());
    const answer = await cluster.fetch("GET", `/api/v1/namespaces${watch}`);
    return (await answer.text()).includes('"code":410');
  }, SLOW);
  relay.mend();
  await waitUntil(
    "the change is seen",
    () => it.informed.namespace("default")?.labels.value === "later",
    SLOW,
  );
  assert.ok(it.restarts("namespaces", "expired") > 0);
});

test("two thousand namespaces are listed in pages", async () => {
  await using cluster = await startApiServer();
  const names = Array.from({ length: 2000 }, (_, at) => `many-${at}`);
  for (let at = 0; at < names.length; at += 50) {
    await Promise.all(
      names.slice(at, at + 50).map((name) =>
        cluster.request("POST", "/api/v1/namespaces", { metadata: { name } })
      ),
    );
  }
  await using it = view(cluster);
  await waitUntil("the last is seen", () => it.informed.namespace("many-1999"), SLOW);
  const namespaces = it.informed.informers[0];
  assert.ok((namespaces?.size ?? 0) >= 2000);
  assert.deepEqual([...namespaces?.restarts ?? []], []);
});

test("a kubeconfig's certificate, a token file and a refusal", async () => {
  await using cluster = await startApiServer();
  const folder = await Deno.makeTempDir({ prefix: "kuma-webhook-test-" });
  const path = `${folder}/kubeconfig`;
  try {
    Deno.writeTextFileSync(path, cluster.adminKubeconfig());
    using asAdmin = new KubeClient(await findEndpoint({ KUBECONFIG: path }, "KUMA-WH-021"));
    await asAdmin.json("/api/v1/namespaces");

    const token = await cluster.createServiceAccountToken("default", "nobody");
    const tokenFile = `${folder}/token`;
    Deno.writeTextFileSync(tokenFile, "wrong\n");
    const { server, caPem } = await findEndpoint({ KUBECONFIG: path }, "KUMA-WH-021");
    using asNobody = new KubeClient({ server, caPem, token: undefined, tokenFile });
    const status = (expected: number, says: RegExp) => (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.status, expected);
      assert.match(error.message, says);
      assert.ok(!error.message.includes(token));
      return true;
    };
    const get = () => asNobody.json("/api/v1/namespaces");
    await assert.rejects(get(), status(401, /401 Unauthorized/));
    // The file is read again at once after a 401.
    Deno.writeTextFileSync(tokenFile, `${token}\n`);
    await assert.rejects(get(), status(403, /namespaces is forbidden.*default:nobody/));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
