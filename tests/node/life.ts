/**
 * Pods that live on the test's nodes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { waitUntil } from "../support/processes.ts";
import type { TestNode } from "./node.ts";
import { STANDIN_IMAGE } from "./spec.ts";

/** A pod and its Service; on the node of this name, or on any. */
export function podAndService(name: string, place?: TestNode): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}
spec:
  nodeSelector: {${place === undefined ? "" : `kubernetes.io/hostname: ${place.spec.name}`}}
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

/** Waits until a Deployment or DaemonSet has what it wants. */
export async function rolledOut(node: TestNode, namespace: string, what: string): Promise<void> {
  const status = ["rollout", "status", what, "-n", namespace, "--timeout=30s"];
  await node.until(
    `${what} is rolled out`,
    async () => (await node.kubectl(status)).code === 0,
  );
  // Who is asked to end still answers on connections that are open, with the settings of before.
  await node.until(`the pods of before ${what} have gone`, async () => {
    const pods = JSON.parse(await node.must(["get", "pods", "-n", namespace, "-o", "json"]));
    return pods.items.every(({ metadata }: { metadata: { deletionTimestamp?: string } }) =>
      metadata.deletionTimestamp === undefined
    );
  });
}

/** An object of the namespace, or nothing where it is not there. */
async function jsonOf<T>(node: TestNode, ...what: string[]): Promise<T | undefined> {
  const { code, stdout } = await node.kubectl(["get", "-n", "shop", ...what, "-o", "json"]);
  return code === 0 ? JSON.parse(stdout) : undefined;
}

/** A pod of the namespace, which is there. */
export async function podOf(node: TestNode, name: string): Promise<Pod> {
  const pod = await jsonOf<Pod>(node, "pod", name);
  assert.ok(pod !== undefined, `there is no pod ${name}`);
  return pod;
}

/** Waits until a pod is ready. */
export async function ready(node: TestNode, name: string): Promise<void> {
  // kubectl follows the pod: to ask again and again would cost more than the pod does.
  const wait = ["wait", "--for=condition=Ready", `pod/${name}`, "-n", "shop", "--timeout=30s"];
  await node.until(`${name} is ready`, async () => (await node.kubectl(wait)).code === 0);
}

/** A pod's and its Service's addresses, of all families. */
async function addresses(node: TestNode, name: string): Promise<string[]> {
  const { podIPs = [] } = (await podOf(node, name)).status;
  const service = await jsonOf<Service>(node, "service", name);
  const withPort = (ip: string, port: number) =>
    ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
  return [
    ...podIPs.map(({ ip }) => withPort(ip, 8080)),
    ...service?.spec.clusterIPs.map((ip) => withPort(ip, 80)) ?? [],
  ];
}

/** Two pods come, and are ready. */
export async function comeToLife(node: TestNode): Promise<void> {
  await node.apply(podAndService("server") + podAndService("client"));
  await ready(node, "server");
  await ready(node, "client");
}

/** Two pods come, talk through both sidecars, have Dataplanes, and go with all that they had. */
export async function live(
  node: TestNode,
  check: (pod: Pod) => void | Promise<void>,
): Promise<void> {
  await comeToLife(node);
  await check(await podOf(node, "server"));
  await talk(node, "client", "server");
  await depart(node, [node]);
}

/** The client asks the server at each of its addresses, through both sidecars, which have seen nobody before. */
export async function talk(node: TestNode, client: string, server: string): Promise<void> {
  const all = await addresses(node, server);
  assert.equal(all.length, 2 * node.spec.addresses.length, all.join());
  for (const [index, to] of all.entries()) {
    const get = ["exec", "-n", "shop", client, "-c", "app", "--", "/standin", "get"];
    // kube-proxy may write a Service's rules a second after its pod is ready; a pod's own address answers at once.
    const patience = to.endsWith(":80") ? 30_000 : 0;
    const answer = await waitUntil(`${to} answers`, async () => {
      const { code, stdout } = await node.kubectl([...get, `http://${to}/${index}`]);
      return code === 0 && stdout;
    }, { timeoutMs: patience, intervalMs: 300 });
    assert.match(answer, new RegExp(`200 OK\\napp ${server} saw /${index} from`));
    await said(node, client, (log) => log.includes("outbound from") && log.includes(` to ${to}\n`));
  }
  const inbound = (log: string) => log.match(/^inbound from .* to .*:8080$/mg)?.length ?? 0;
  // kubelet's own probes took their way, too: the sidecar's proxy of probes answered them.
  const log = await said(
    node,
    server,
    (log) => inbound(log) >= all.length && /probe proxy: \/8080\/healthz/.test(log),
  );
  assert.equal(inbound(log), all.length, log);
  await node.until("the Dataplane says that it is ready", async () => {
    const dataplane = await jsonOf<Dataplane>(node, "dataplane", server);
    const { address, inbound: [inbound] = [] } = dataplane?.spec.networking ?? {};
    return all.some((one) => one === `${address}:8080`) &&
      inbound?.tags["kuma.io/service"] === `${server}_shop_svc_80` &&
      inbound.tags["kuma.io/protocol"] === "http" && inbound.health.ready;
  });
}

/** Waits until the log of a pod's sidecar is as it should be, and gives it: a container's words take a while to kubelet. */
async function said(
  node: TestNode,
  pod: string,
  fits: (log: string) => boolean,
): Promise<string> {
  let log = "";
  await node.until(`the sidecar of ${pod} says it`, async () => {
    log = await node.must(["logs", "-n", "shop", pod, "-c", "kuma-sidecar"]);
    return fits(log);
  }).catch((cause: unknown) => {
    throw new Error(`the log of ${pod}'s sidecar is:\n${log}`, { cause });
  });
  return log;
}

/** The two pods go; nothing of them is left, neither in the cluster nor on the nodes. */
export async function depart(node: TestNode, nodes: readonly TestNode[]): Promise<void> {
  await node.must(["delete", "-n", "shop", "pod,service", "server", "client", "--wait"]);
  await node.until(
    "the Dataplanes are gone",
    async () => (await jsonOf<{ items: unknown[] }>(node, "dataplanes"))?.items.length === 0,
  );
  for (const one of nodes) {
    await node.until(
      `no veth is left on ${one.spec.name} but those of pods that live`,
      async () => {
        const { stdout } = await one.run("ip", ["-o", "link", "show", "type", "veth"]);
        const on = ["-A", `--field-selector=spec.nodeName=${one.spec.name}`];
        const pods = JSON.parse(await node.must(["get", "pods", ...on, "-o", "json"])).items
          .filter(({ spec }: { spec: { hostNetwork?: boolean } }) => spec.hostNetwork !== true);
        return (stdout.match(/^\d+: veth/mg) ?? []).length === pods.length;
      },
    );
  }
}

/** What is looked at of a container. */
export interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
}

/** What is looked at of a pod. */
export interface Pod {
  readonly status: {
    readonly podIP: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
  readonly spec: { readonly containers: Container[]; readonly initContainers?: Container[] };
}

interface Service {
  readonly spec: { readonly clusterIPs: readonly string[] };
}

interface Dataplane {
  readonly spec: {
    readonly networking: {
      readonly address: string;
      readonly inbound?: readonly {
        readonly tags: Readonly<Record<string, string>>;
        readonly health: { readonly ready: boolean };
      }[];
    };
  };
}

/** Makes pods one after the other, each of which has to be ready; gives how many there were. */
export async function streamOfPods(node: TestNode, signal: AbortSignal): Promise<number> {
  let made = 0;
  for (; !signal.aborted; made++) {
    const name = `stream-${made}`;
    const [pod = ""] = podAndService(name).split("---\n");
    await node.apply(pod);
    await ready(node, name);
    await said(node, name, (log) => log.includes("stand-in sidecar"));
    await node.must(["delete", "pod", "-n", "shop", name, "--wait=false"]);
  }
  return made;
}
