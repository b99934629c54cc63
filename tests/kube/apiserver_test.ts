import assert from "node:assert/strict";
import { processStart, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { ApiError, sharedCluster, startApiServer } from "./apiserver.ts";
import type { TestCluster } from "./cluster.ts";

const test = requires("etcd");
const GET_PODS = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];

/** Asserts that the request is refused with this status, and returns the refusal. */
async function refused(request: Promise<unknown>, status: number): Promise<ApiError> {
  const error = await request.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof ApiError, `expected a refusal, got ${error}`);
  assert.equal(error.status, status);
  return error;
}

async function freshNamespace(cluster: TestCluster): Promise<string> {
  const name = `ns-${crypto.randomUUID().slice(0, 8)}`;
  await cluster.createNamespace(name);
  return name;
}

test("the API server is of the release it says", async () => {
  await using cluster = await sharedCluster();
  const version = await cluster.request<{ gitVersion: string }>("GET", "/version");
  assert.match(version.gitVersion, /^v1\.3[1-4]\.\d+/);
});

test("a pod is stored with its annotations, and goes when deleted", async () => {
  await using cluster = await sharedCluster();
  const namespace = await freshNamespace(cluster);
  const annotations = { "kuma.io/sidecar-injected": "true" };
  const made = await cluster.createPod(namespace, { metadata: { name: "web", annotations } });
  const path = `/api/v1/namespaces/${namespace}/pods/web`;
  const stored = await cluster.request("GET", path);
  assert.deepEqual(stored.metadata?.annotations, annotations);
  assert.equal(stored.metadata?.uid, made.metadata?.uid);
  await cluster.deletePod(namespace, "web");
  await refused(cluster.request("GET", path), 404);
});

test("a service account gets what it is granted and nothing else", async () => {
  await using cluster = await sharedCluster();
  const namespace = await freshNamespace(cluster);
  await cluster.createPod(namespace, { metadata: { name: "web" } });
  const token = await cluster.createServiceAccountToken(namespace, "kuma-cni");
  const path = `/api/v1/namespaces/${namespace}/pods/web`;
  const before = await refused(cluster.request("GET", path, undefined, { token }), 403);
  assert.match(before.body, /kuma-cni/);
  await cluster.grant(`get-pods-${namespace}`, GET_PODS, {
    serviceAccount: `${namespace}/kuma-cni`,
  });
  const pod = await cluster.request("GET", path, undefined, { token });
  assert.equal(pod.metadata?.name, "web");
  const list = cluster.request("GET", "/api/v1/pods", undefined, { token });
  await refused(list, 403);
});

test("what a smaller grant leaves out is refused at once", async () => {
  await using cluster = await sharedCluster();
  const namespace = await freshNamespace(cluster);
  const subject = { serviceAccount: `${namespace}/kuma-cni` };
  const token = await cluster.createServiceAccountToken(namespace, "kuma-cni");
  const list = () => cluster.request("GET", "/api/v1/pods", undefined, { token });
  // The server's cache is seldom late enough to be caught, so a grant that does not wait may pass here too.
  for (let round = 0; round < 20; round++) {
    await cluster.grant(namespace, [{ ...GET_PODS[0], verbs: ["get", "list"] }], subject);
    await list();
    await cluster.grant(namespace, GET_PODS, subject);
    await refused(list(), 403);
  }
});

test("a bad token is refused with 401, no token with 403", async () => {
  await using cluster = await sharedCluster();
  await refused(cluster.request("GET", "/api/v1/pods", undefined, { token: "made-up" }), 401);
  await refused(cluster.request("GET", "/api/v1/pods", undefined, { token: "" }), 403);
});

test("a token dies with the pod it is bound to", async () => {
  await using cluster = await sharedCluster();
  const namespace = await freshNamespace(cluster);
  const pod = await cluster.createPod(namespace, { metadata: { name: "node-agent" } });
  const boundTo = {
    kind: "Pod",
    apiVersion: "v1",
    name: "node-agent",
    uid: pod.metadata?.uid ?? "",
  } as const;
  const token = await cluster.createServiceAccountToken(namespace, "default", { boundTo });
  const review = () => cluster.fetch("GET", "/api/v1/pods", undefined, { token });
  const alive = await review();
  await alive.body?.cancel();
  assert.equal(alive.status, 403); // known, but granted nothing
  await cluster.deletePod(namespace, "node-agent");
  // The API server caches a token it has verified for ten seconds.
  await waitUntil("the token is refused", async () => {
    const answer = await review();
    await answer.body?.cancel();
    return answer.status === 401;
  }, { timeoutMs: 20_000, intervalMs: 250 });
});

test("a custom resource is served once its definition is applied", async () => {
  await using cluster = await sharedCluster();
  await cluster.applyCrd({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "lamps.test.example" },
    spec: {
      group: "test.example",
      scope: "Cluster",
      names: { kind: "Lamp", plural: "lamps", singular: "lamp" },
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object" } },
      }],
    },
  });
  const made = await cluster.apply("/apis/test.example/v1/lamps/one", {
    apiVersion: "test.example/v1",
    kind: "Lamp",
    metadata: { name: "one" },
  });
  assert.equal(made.kind, "Lamp");
});

test("handles of one process share the cluster", async () => {
  await using one = await sharedCluster();
  await using other = await sharedCluster();
  assert.deepEqual(await other.pids(), await one.pids());
});

test("a cluster of one's own stops, hangs, restarts with its data, and leaves nothing", async () => {
  const cluster = await startApiServer();
  const namespace = await freshNamespace(cluster);
  const path = `/api/v1/namespaces/${namespace}`;

  await cluster.pause();
  await assert.rejects(
    cluster.fetch("GET", path, undefined, { signal: AbortSignal.timeout(500) }),
    { name: "TimeoutError" },
  );
  await cluster.resume();
  await cluster.request("GET", path);

  await cluster.stopServer();
  await assert.rejects(cluster.fetch("GET", path), TypeError);
  await cluster.startServer();
  assert.equal((await cluster.request("GET", path)).metadata?.name, namespace);

  const { supervisor, etcd, apiServer } = await cluster.pids();
  await cluster.stop();
  await waitUntil(
    "every process is gone",
    () => [supervisor, etcd, apiServer!].every((pid) => processStart(pid) === undefined),
  );
  await assert.rejects(Deno.stat(cluster.dir), Deno.errors.NotFound);
});

test("a server that cannot start says why", async () => {
  await assert.rejects(
    startApiServer({ apiServerArgs: ["--no-such-flag"] }),
    /Cannot start the API server: kube-apiserver ended with 1: .*no-such-flag/,
  );
});

test("a cluster ends with the process that owns it, even a killed one", async () => {
  const owner = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("./testdata/owner.ts", import.meta.url).pathname],
    stdout: "piped",
  }).spawn();
  const reader = owner.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  const { dir, pids } = JSON.parse(value ?? "") as { dir: string; pids: Record<string, number> };
  assert.ok(Object.values(pids).every((pid) => processStart(pid) !== undefined));
  owner.kill("SIGKILL");
  await owner.status;
  await reader.cancel();
  await waitUntil(
    "every process is gone",
    () => Object.values(pids).every((pid) => processStart(pid) === undefined),
  );
  await assert.rejects(Deno.stat(dir), Deno.errors.NotFound);
});
