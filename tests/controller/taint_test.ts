/**
 * Node taints against a real API server; nodes and the CNI's pods are objects alone, nobody runs them.
 */
import assert from "node:assert/strict";
import type { KubeObject } from "../kube/apiserver.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { metricsSteps } from "tests/support/metrics.ts";
import { requires } from "../support/requires.ts";
import { controllerAccount, PROGRAM, Program, TAINTS } from "./program.ts";

const test = requires("etcd");
const NODES = "/api/v1/nodes";
const PODS = "/api/v1/namespaces/kube-system/pods";
const OURS = "NodeReadiness:NoSchedule";

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

async function taintsOf(cluster: TestCluster, name: string): Promise<string[]> {
  const { spec } = await cluster.request<KubeObject & { spec: { taints?: Taint[] } }>(
    "GET",
    `${NODES}/${name}`,
  );
  return (spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`)
    // The API server's own admission plugin adds it to every new node; a kubelet's controller takes it away.
    .filter((taint) => !taint.startsWith("node.kubernetes.io/"));
}

async function createNode(cluster: TestCluster, name: string, taints: Taint[] = []): Promise<void> {
  await cluster.request("POST", NODES, { metadata: { name }, spec: { taints } });
}

async function createCni(cluster: TestCluster, name: string, node: string): Promise<void> {
  await cluster.createPod("kube-system", {
    metadata: { name, labels: { app: "kuma-cni" } },
    spec: { nodeName: node, containers: [{ name: "install-cni", image: "x:1" }] },
  });
}

async function setReady(cluster: TestCluster, name: string, ready: boolean): Promise<void> {
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  await cluster.request("PATCH", `${PODS}/${name}/status`, {
    status: { phase: "Running", conditions },
  }, { contentType: "application/merge-patch+json" });
}

test("a node is tainted until its CNI is ready, and nobody else's taint is lost", async (t) => {
  await using cluster = await startApiServer();
  const token = await controllerAccount(cluster);
  await cluster.createServiceAccount("kube-system", "default");
  const gpu = { key: "dedicated", value: "gpu", effect: "NoExecute" };
  await createNode(cluster, "old", [gpu]);
  await using program = await Program.start(cluster, { token, environment: TAINTS });
  const holds = (name: string, taints: string[]) =>
    program.until(`${name} has ${taints.join() || "no taints"}`, async () => {
      const found = await taintsOf(cluster, name);
      return found.join() === taints.join();
    });
  await holds("old", ["dedicated:NoExecute", OURS]);

  await createNode(cluster, "born", [{ key: "NodeReadiness", effect: "NoSchedule" }, gpu]);
  await createCni(cluster, "cni-born", "born");
  await createCni(cluster, "cni-old", "old");
  await setReady(cluster, "cni-old", true);
  await holds("old", ["dedicated:NoExecute"]);
  assert.deepEqual(await taintsOf(cluster, "born"), [OURS, "dedicated:NoExecute"]);
  await setReady(cluster, "cni-born", true);
  await holds("born", ["dedicated:NoExecute"]);

  await setReady(cluster, "cni-old", false);
  await holds("old", ["dedicated:NoExecute", OURS]);
  await setReady(cluster, "cni-old", true);
  await holds("old", ["dedicated:NoExecute"]);
  await cluster.deletePod("kube-system", "cni-old");
  await holds("old", ["dedicated:NoExecute", OURS]);

  // Somebody else writes the node all the time, with taints of their own: none is lost on either side.
  await createNode(cluster, "busy");
  const others: string[] = [];
  for (let i = 0; i < 20; i++) {
    if (i % 5 === 0) {
      await createCni(cluster, `cni-busy-${i}`, "busy");
      await setReady(cluster, `cni-busy-${i}`, true);
    } else if (i % 5 === 3) await cluster.deletePod("kube-system", `cni-busy-${i - 3}`);
    await addTaint(cluster, "busy", { key: `other-${i}`, effect: "NoSchedule" });
    others.push(`other-${i}:NoSchedule`);
  }
  await program.until("busy has all taints of the other writer, and ours", async () => {
    const found = await taintsOf(cluster, "busy");
    return found.includes(OURS) && found.filter((one) => one !== OURS).join() === others.join();
  });
  const metrics = await program.pageWith(
    "/metrics",
    "kuma_controller_nodes_tainted 2\n",
    /controller_runtime_reconcile_total\{[^}]*result="success"\} [1-9]/,
  );
  await metricsSteps(t, "kuma-controller", metrics);
  assert.equal(await program.page("/readyz"), "ok\n");
  assert.equal(await program.end(), 0);
});

/** As any other controller does it: read, change, write, and again where somebody was faster. */
async function addTaint(cluster: TestCluster, name: string, taint: Taint): Promise<void> {
  for (;;) {
    const node = await cluster.request<KubeObject & { spec: { taints?: Taint[] } }>(
      "GET",
      `${NODES}/${name}`,
    );
    node.spec.taints = [...node.spec.taints ?? [], taint];
    const answer = await cluster.fetch("PUT", `${NODES}/${name}`, node);
    await answer.body?.cancel();
    if (answer.ok) return;
    assert.equal(answer.status, 409);
  }
}

test("switched off it touches no node, and says that taints stay", async () => {
  await using cluster = await startApiServer();
  const token = await controllerAccount(cluster);
  await createNode(cluster, "born", [{ key: "NodeReadiness", effect: "NoSchedule" }]);
  await createNode(cluster, "free");
  const environment = {
    ...TAINTS,
    KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED: "false",
  };
  await using program = await Program.start(cluster, { token, environment });
  await program.leads();
  await program.until("it says so", () => /taints that are set stay/.test(program.said));
  assert.equal(await program.end(), 0);
  assert.deepEqual(await taintsOf(cluster, "born"), [OURS]);
  assert.deepEqual(await taintsOf(cluster, "free"), []);
});

test("without a CNI app it does not start, and says what to set", async () => {
  // It asks no API server before it knows what to do.
  const { code, stderr } = await new Deno.Command(PROGRAM, {
    args: ["serve"],
    clearEnv: true,
    env: { KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED: "true" },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.match(
    said,
    /^Error: [^\n]*cniApp is empty \[KUMA-CTL-002\]\nHint: set [^\n]*_CNI_APP [^\n]*\n$/,
  );
  assert.equal(code, 1);
});
