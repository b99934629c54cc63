/**
 * What is installed on the test's node, and pods that live there.
 *
 * @module
 */
import assert from "node:assert/strict";
import { kumactlPath } from "../kernel/kumactl.ts";
import { must, waitUntil } from "../support/processes.ts";
import { REGISTRY, TAG } from "./images.ts";
import type { TestNode } from "./node.ts";
import { CGROUP, STANDIN_IMAGE } from "./spec.ts";

/** Repositories of the images by component: the defaults of the values. */
export const IMAGES = {
  webhook: "kuma-webhook",
  controller: "kuma-controller",
  installer: "kuma-cni",
  kumactl: "kuma-init",
  "ebpf-loader": "kuma-ebpf-loader",
};
const [STANDIN = "", STANDIN_TAG = ""] = STANDIN_IMAGE.split(":");

/** What is always asked for: our images, and the stand-in for kuma-dp. */
export const VALUES = [
  `global.image.registry=${REGISTRY}`,
  `global.image.tag=${TAG}`,
  "dataPlane.image.registry=localhost",
  `dataPlane.image.repository=${STANDIN.replace("localhost/", "")}`,
  `dataPlane.image.tag=${STANDIN_TAG}`,
];
/** The CNI behind the node's own. */
export const CNI = [
  "cni.enabled=true",
  "cni.chained=true",
  "cni.confName=10-test.conflist",
  "cni.netDir=/etc/cni/net.d",
  "cni.binDir=/opt/cni/bin",
];
/** eBPF, in the control groups of this node alone. */
export const EBPF = [
  "experimental.ebpf.enabled=true",
  `experimental.ebpf.cgroupPath=/sys/fs/cgroup/unified/${CGROUP}`,
];
/** Sidecars as Kubernetes knows them. */
export const NATIVE = ["experimental.sidecarContainers=true"];

/** A Mesh, and a namespace whose pods are in it. */
export const MESH = `apiVersion: kuma.io/v1alpha1
kind: Mesh
metadata: {name: default}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {kuma.io/sidecar-injection: enabled}}
`;

function podAndService(name: string): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}
spec:
  terminationGracePeriodSeconds: 2
  containers:
  - name: app
    image: ${STANDIN_IMAGE}
    args: [app]
    ports: [{containerPort: 8080}]
    readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
    livenessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec:
  ipFamilyPolicy: PreferDualStack
  selector: {app: ${name}}
  ports: [{name: main, port: 80, targetPort: 8080, appProtocol: http}]
---
`;
}

/** What `kumactl install control-plane` prints with these values. */
export async function manifests(...values: string[]): Promise<string> {
  const sets = [...VALUES, ...values].flatMap((value) => ["--set", value]);
  return await must(kumactlPath(), ["install", "control-plane", ...sets]);
}

/** Waits until a Deployment or DaemonSet has what it wants. */
export async function rolledOut(node: TestNode, namespace: string, what: string): Promise<void> {
  await node.until(`${what} is rolled out`, async () => {
    const status = ["rollout", "status", what, "-n", namespace, "--timeout=1s"];
    if ((await node.kubectl(status)).code !== 0) return false;
    // Who is asked to end still answers on connections that are open, with the settings of before.
    const pods = JSON.parse(await node.must(["get", "pods", "-n", namespace, "-o", "json"]));
    return pods.items.every(({ metadata }: { metadata: { deletionTimestamp?: string } }) =>
      metadata.deletionTimestamp === undefined
    );
  });
}

async function jsonOf(node: TestNode, ...what: string[]) {
  const { code, stdout } = await node.kubectl(["get", "-n", "shop", ...what, "-o", "json"]);
  return code === 0 ? JSON.parse(stdout) : undefined;
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

async function ready(node: TestNode, name: string): Promise<void> {
  await node.until(`${name} is ready`, async () => {
    const pod = await jsonOf(node, "pod", name);
    const conditions: Condition[] = pod?.status.conditions ?? [];
    return conditions.some(({ type, status }) => type === "Ready" && status === "True");
  });
}

/** A pod's and its Service's addresses, of both families. */
async function addresses(node: TestNode): Promise<string[]> {
  const pod = await jsonOf(node, "pod", "server");
  const service = await jsonOf(node, "service", "server");
  const ips: string[] = pod.status.podIPs.map(({ ip }: { ip: string }) => ip);
  return [
    ...ips.map((ip) => ip.includes(":") ? `[${ip}]:8080` : `${ip}:8080`),
    ...service.spec.clusterIPs.map((ip: string) => ip.includes(":") ? `[${ip}]:80` : `${ip}:80`),
  ];
}

/** Two pods come, talk through both sidecars, have Dataplanes, and go with all that they had. */
export async function live(
  node: TestNode,
  check: (pod: Pod) => void | Promise<void>,
): Promise<void> {
  await node.apply(podAndService("server") + podAndService("client"));
  await ready(node, "server");
  await ready(node, "client");
  await check(await jsonOf(node, "pod", "server"));
  const logs = (name: string) => node.must(["logs", "-n", "shop", name, "-c", "kuma-sidecar"]);
  const all = await addresses(node);
  assert.equal(all.length, 4, all.join());
  for (const [index, to] of all.entries()) {
    const get = ["exec", "-n", "shop", "client", "-c", "app", "--", "/standin", "get"];
    // kube-proxy may write a Service's rules a second after its pod is ready; a pod's own address answers at once.
    const patience = to.endsWith(":80") ? 30_000 : 0;
    const answer = await waitUntil(`${to} answers`, async () => {
      const { code, stdout } = await node.kubectl([...get, `http://${to}/${index}`]);
      return code === 0 && stdout;
    }, { timeoutMs: patience, intervalMs: 300 });
    assert.match(answer, new RegExp(`200 OK\\napp server saw /${index} from`));
    assert.ok(
      (await logs("client")).includes(`outbound from`) &&
        (await logs("client")).includes(` to ${to}\n`),
      await logs("client"),
    );
  }
  const inbound = (await logs("server")).match(/^inbound from .* to .*:8080$/mg) ?? [];
  assert.equal(inbound.length, all.length, await logs("server"));
  // kubelet's own probes took their way, too: the sidecar's proxy of probes answered them.
  assert.match(await logs("server"), /probe proxy: \/8080\/healthz/);
  await node.until("the Dataplane says that it is ready", async () => {
    const dataplane = await jsonOf(node, "dataplane", "server");
    const [inbound] = dataplane?.spec.networking.inbound ?? [];
    return inbound?.tags["kuma.io/service"] === "server_shop_svc_80" &&
      inbound.tags["kuma.io/protocol"] === "http" && inbound.health.ready === true;
  });
  await node.must(["delete", "-n", "shop", "pod,service", "server", "client", "--wait"]);
  await node.until(
    "the Dataplanes are gone",
    async () => (await jsonOf(node, "dataplanes")).items.length === 0,
  );
  await node.until("no veth is left but those of pods that live", async () => {
    const { stdout } = await node.run("ip", ["-o", "link", "show", "type", "veth"]);
    const pods = JSON.parse(await node.must(["get", "pods", "-A", "-o", "json"])).items
      .filter(({ spec }: { spec: { hostNetwork?: boolean } }) => spec.hostNetwork !== true);
    // Beside them the two ends of the wire.
    return stdout.trim().split("\n").length === pods.length + 2;
  });
}

/** What is looked at of a container. */
export interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
}

/** What is looked at of a pod. */
export interface Pod {
  readonly status: { readonly podIP: string };
  readonly spec: { readonly containers: Container[]; readonly initContainers?: Container[] };
}

/** Makes pods one after the other, each of which has to be ready; gives how many there were. */
export async function streamOfPods(node: TestNode, signal: AbortSignal): Promise<number> {
  let made = 0;
  for (; !signal.aborted; made++) {
    const name = `stream-${made}`;
    const [pod = ""] = podAndService(name).split("---\n");
    await node.apply(pod);
    await ready(node, name);
    const log = await node.must(["logs", "-n", "shop", name, "-c", "kuma-sidecar"]);
    assert.match(log, /stand-in sidecar/);
    await node.must(["delete", "pod", "-n", "shop", name, "--wait=false"]);
  }
  return made;
}
