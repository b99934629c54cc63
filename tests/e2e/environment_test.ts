/** `kumactl install control-plane --environment auto` before a real API server that has each kind of cluster's objects. */
import assert from "node:assert/strict";
import { CLUSTERS, type ShownCluster } from "core/manifests/testing/clusters.ts";
import { kumactlPath } from "../kernel/kumactl.ts";
import { type KubeObject, startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { requires } from "../support/requires.ts";

const COMMAND = "kumactl install control-plane --registry registry.example --environment auto";

requires("etcd", "kubectl")("the cluster says what it is", async (t) => {
  await using cluster = await startApiServer();
  await using kubectl = await Kubectl.of(cluster);
  await kubectl.provide("kumactl", kumactlPath());
  const namespaces = new Set(["kube-system"]);

  await t.step(
    "what cannot be told is an error with what was seen, and nothing is printed",
    async () => {
      const { code, stdout, stderr } = await kubectl.shell(COMMAND);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^Error: Cannot tell what this cluster is: 0 nodes, DaemonSets none/);
    },
  );

  for (const shown of CLUSTERS) {
    const { environment, daemonSets } = shown;
    await t.step(`${environment}: ${daemonSets.join(", ")}`, async () => {
      const made = await show(cluster, shown, namespaces);
      const auto = await kubectl.shell(COMMAND);
      assert.equal(auto.code, 0, auto.stderr);
      assert.match(auto.stderr, new RegExp(`^found: ${environment} \\(`));
      const named = await kubectl.shell(COMMAND.replace(/auto$/, environment));
      assert.equal(auto.stdout, named.stdout);
      for (const path of made) await cluster.request("DELETE", path);
    });
  }
});

/** Makes the objects that a cluster shows; gives their paths. */
async function show(
  cluster: TestCluster,
  { nodes, daemonSets }: ShownCluster,
  namespaces: Set<string>,
): Promise<string[]> {
  const paths: string[] = [];
  for (const [at, node] of nodes.entries()) {
    const name = `node-${at}`;
    const metadata = { ...node.metadata as Record<string, unknown>, name };
    await cluster.request("POST", "/api/v1/nodes", { ...node, metadata } as KubeObject);
    paths.push(`/api/v1/nodes/${name}`);
  }
  for (const one of daemonSets) {
    const [namespace = "", name = ""] = one.includes("/") ? one.split("/") : ["kube-system", one];
    if (!namespaces.has(namespace)) await cluster.createNamespace(namespace);
    namespaces.add(namespace);
    const path = `/apis/apps/v1/namespaces/${namespace}/daemonsets`;
    const labels = { app: name };
    await cluster.request("POST", path, {
      metadata: { name },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "main", image: "registry.example/main:1" }] },
        },
      },
    });
    paths.push(`${path}/${name}`);
  }
  return paths;
}
