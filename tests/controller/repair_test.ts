/**
 * Pods without interception against a real API server. Nobody runs the pods: the test says what kubelets would.
 */
import assert from "node:assert/strict";
import type { KubeObject } from "../kube/apiserver.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { metricsSteps } from "tests/support/metrics.ts";
import { requires } from "../support/requires.ts";
import { controllerAccount, Program, TAINTS } from "./program.ts";

const test = requires("etcd");
const MERGE = { contentType: "application/merge-patch+json" };
const LABEL = "cni.kuma.io/uninitialized";
const SHOP = "/api/v1/namespaces/shop";
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

const repairing = (repair: string, perMinute = 6000) => ({
  ...TAINTS,
  KUMA_RUNTIME_KUBERNETES_INJECTOR_CNI_ENABLED: "true",
  KUMA_RUNTIME_KUBERNETES_CONTROLLER_REPAIR: repair,
  KUMA_RUNTIME_KUBERNETES_CONTROLLER_REPAIRS_PER_MINUTE: String(perMinute),
});

/** Makes a pod of the mesh on a node, owned by a ReplicaSet unless it is told otherwise. */
async function createMeshed(cluster: TestCluster, name: string, node: string, owned = true) {
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "orders", uid: "r" };
  await cluster.createPod("shop", {
    metadata: {
      name,
      annotations: { "kuma.io/sidecar-injected": "true" },
      ownerReferences: owned ? [{ ...owner, controller: true }] : [],
    },
    spec: {
      nodeName: node,
      initContainers: [{ name: "kuma-validation", image: "x:1" }],
      containers: [{ name: "app", image: "x:1" }],
      // No kubelet is there to say that the pod has ended.
      terminationGracePeriodSeconds: 0,
    },
  });
}

/** Says as a kubelet how the check has ended, and when the pod's network was set up. */
async function setCheck(cluster: TestCluster, name: string, exitCode: number, network: number) {
  const ended = { terminated: { exitCode, containerID: "x", startedAt: null, finishedAt: null } };
  const check = {
    name: "kuma-validation",
    image: "x:1",
    imageID: "",
    ready: exitCode === 0,
    restartCount: 1,
    ...(exitCode === 0
      ? { state: ended }
      : { state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: ended }),
  };
  const started = {
    type: "PodReadyToStartContainers",
    status: "True",
    lastTransitionTime: at(network),
  };
  await cluster.request("PATCH", `${SHOP}/pods/${name}/status`, {
    status: {
      phase: exitCode === 0 ? "Running" : "Pending",
      conditions: [started],
      initContainerStatuses: [check],
    },
  }, MERGE);
}

async function setCni(cluster: TestCluster, node: string, readySince: number | undefined) {
  const name = `cni-${node}`;
  const path = `/api/v1/namespaces/kube-system/pods/${name}`;
  const there = await cluster.fetch("GET", path);
  await there.body?.cancel();
  if (there.status === 404) {
    await cluster.createPod("kube-system", {
      metadata: { name, labels: { app: "kuma-cni" } },
      spec: { nodeName: node, containers: [{ name: "install-cni", image: "x:1" }] },
    });
  }
  const ready = readySince === undefined
    ? { type: "Ready", status: "False" }
    : { type: "Ready", status: "True", lastTransitionTime: at(readySince) };
  await cluster.request(
    "PATCH",
    `${path}/status`,
    { status: { phase: "Running", conditions: [ready] } },
    MERGE,
  );
}

async function pods(cluster: TestCluster): Promise<Map<string, Record<string, string>>> {
  const { items } = await cluster.request<{ items: KubeObject[] }>("GET", `${SHOP}/pods`);
  return new Map(items.map(({ metadata }) => {
    const { name, labels } = metadata as { name: string; labels?: Record<string, string> };
    return [name, labels ?? {}];
  }));
}

interface Told {
  type: string;
  reason: string;
  message: string;
  involvedObject: { name: string };
}

async function told(cluster: TestCluster, name: string): Promise<Told[]> {
  const { items } = await cluster.request<{ items: Told[] }>("GET", `${SHOP}/events`);
  return items.filter(({ involvedObject }) => involvedObject.name === name);
}

async function start(cluster: TestCluster, repair: string): Promise<string> {
  const token = await controllerAccount(cluster, repair);
  await cluster.createNamespace("shop");
  await cluster.createServiceAccount("shop", "default");
  await cluster.createServiceAccount("kube-system", "default");
  return token;
}

test("pods that started before the CNI are deleted, at most so many in a minute, others are told of", async (t) => {
  await using cluster = await startApiServer();
  const token = await start(cluster, "delete");
  await setCni(cluster, "a", 20);
  await setCni(cluster, "b", undefined);
  await createMeshed(cluster, "early", "a");
  await setCheck(cluster, "early", 1, 10);
  await createMeshed(cluster, "alone", "a", false);
  await setCheck(cluster, "alone", 1, 10);
  await createMeshed(cluster, "late", "a");
  await setCheck(cluster, "late", 1, 30);
  await createMeshed(cluster, "waiting", "b");
  await setCheck(cluster, "waiting", 1, 10);
  await createMeshed(cluster, "good", "a");
  await setCheck(cluster, "good", 0, 10);
  await createMeshed(cluster, "new", "a");
  await using program = await Program.start(cluster, { token, environment: repairing("delete") });
  await program.until(
    "what started early is deleted",
    async () => !(await pods(cluster)).has("early"),
  );
  await program.until("all of it is told", async () => {
    const names = ["alone", "late", "waiting"];
    const events = await Promise.all(names.map((name) => told(cluster, name)));
    return events.every((ofPod) => ofPod.length > 0);
  });
  assert.deepEqual([...(await pods(cluster)).keys()], ["alone", "good", "late", "new", "waiting"]);
  await program.until("the end of the early pod is told too", async () => {
    const events = await told(cluster, "early");
    return events.map(({ reason }) => reason).sort().join() === "DeletedForRepair,NotIntercepted";
  });
  const message = async (name: string) => (await told(cluster, name))[0]?.message ?? "";
  assert.match(await message("alone"), /node a: .* Delete it and create it anew$/);
  assert.match(await message("late"), /although the CNI was ready before/);
  assert.match(await message("waiting"), /node b: no pod of the CNI is ready there$/);
  assert.deepEqual(await told(cluster, "good"), []);
  const metrics = await program.pageWith(
    "/metrics",
    'kuma_controller_pods_not_intercepted{cause="before-cni"} 1\n',
    'kuma_controller_pods_not_intercepted{cause="without-cni"} 1\n',
    'kuma_controller_pods_not_intercepted{cause="despite-cni"} 1\n',
    'kuma_controller_repairs_total{action="delete"} 1\n',
  );
  await metricsSteps(t, "kuma-controller", metrics);

  // The CNI comes: what waited for it is replaced.
  await setCni(cluster, "b", 20);
  await program.until("it is deleted", async () => !(await pods(cluster)).has("waiting"));
  assert.equal(await program.end(), 0);
  await atMostTwoInAMinute(cluster, token);
});

/** With five more on node `a` that a new pod would mend. */
async function atMostTwoInAMinute(cluster: TestCluster, token: string): Promise<void> {
  const names = Array.from({ length: 5 }, (_, at) => `crowd-${at}`);
  for (const name of names) {
    await createMeshed(cluster, name, "a");
    await setCheck(cluster, name, 1, 10);
  }
  const started = performance.now();
  await using program = await Program.start(cluster, {
    token,
    environment: repairing("delete", 2),
  });
  await program.until("two are deleted and three held back", async () => {
    const page = await program.page("/metrics");
    return /^kuma_controller_repairs_held_back_total ([3-9]|\d\d)/m.test(page);
  });
  const there = await pods(cluster);
  const deleted = names.filter((name) => !there.has(name)).length;
  const most = 2 + Math.floor((performance.now() - started) / 30_000);
  assert.ok(deleted >= 2 && deleted <= most, `${deleted} of at most ${most}`);
  await program.until("those that wait are told of too", async () => {
    const events = await Promise.all(names.map((name) => told(cluster, name)));
    return events.every((ofPod) => ofPod.length > 0);
  });
  assert.equal(await program.end(), 0);
}

test("a label comes and goes, and to tell is all that happens by default", async () => {
  await using cluster = await startApiServer();
  const token = await start(cluster, "label");
  await setCni(cluster, "a", 20);
  await createMeshed(cluster, "early", "a");
  await setCheck(cluster, "early", 1, 10);
  const label = async () => (await pods(cluster)).get("early")?.[LABEL];
  {
    const { KUMA_RUNTIME_KUBERNETES_CONTROLLER_REPAIR: _, ...environment } = repairing("");
    await using program = await Program.start(cluster, { token, environment });
    await program.until("it tells", async () => (await told(cluster, "early")).length > 0);
    assert.equal(await label(), undefined);
    assert.equal(await program.end(), 0);
  }
  await using program = await Program.start(cluster, { token, environment: repairing("label") });
  await program.until("it is labelled", async () => await label() === "true");
  // As after the node's restart, with a new network.
  await setCheck(cluster, "early", 0, 40);
  await program.until("the label is gone", async () => await label() === undefined);
  assert.equal(await program.end(), 0);
});
