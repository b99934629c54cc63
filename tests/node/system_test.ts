/**
 * The whole system on a real node: what `kumactl install control-plane` prints is applied, kubelet runs it from our
 * images, and pods live and die in it. In place of kuma-dp runs a stand-in with its ports and probes.
 */
import assert from "node:assert/strict";
import { kumactlPath } from "../kernel/kumactl.ts";
import { must } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { rightsOf } from "./audit.ts";
import { REGISTRY, TAG } from "./images.ts";
import { TestNode } from "./node.ts";
import { CGROUP, nodeFiles, STANDIN_IMAGE } from "./spec.ts";

const test = requires("root", "netns", "containerd", "podman", "cni-plugins", "etcd", "kubectl");

/** Repositories of the images by component: the defaults of the values. */
const IMAGES = {
  webhook: "kuma-webhook",
  controller: "kuma-controller",
  installer: "kuma-cni",
  kumactl: "kuma-init",
  "ebpf-loader": "kuma-ebpf-loader",
};
const [STANDIN = "", STANDIN_TAG = ""] = STANDIN_IMAGE.split(":");

/** What is always asked for: our images, and the stand-in for kuma-dp. */
const VALUES = [
  `global.image.registry=${REGISTRY}`,
  `global.image.tag=${TAG}`,
  "dataPlane.image.registry=localhost",
  `dataPlane.image.repository=${STANDIN.replace("localhost/", "")}`,
  `dataPlane.image.tag=${STANDIN_TAG}`,
];
const CNI = [
  "cni.enabled=true",
  "cni.chained=true",
  "cni.confName=10-test.conflist",
  "cni.netDir=/etc/cni/net.d",
  "cni.binDir=/opt/cni/bin",
];
const EBPF = [
  "experimental.ebpf.enabled=true",
  `experimental.ebpf.cgroupPath=/sys/fs/cgroup/unified/${CGROUP}`,
];
const NATIVE = ["experimental.sidecarContainers=true"];

/** Rights that nothing asks for here, with who does. */
const UNUSED_HERE: readonly string[] = [
  // There is no Multus here: tests/controller/attachment_test.ts.
  "kuma-controller: create network-attachment-definitions.k8s.cni.cncf.io",
  "kuma-controller: delete network-attachment-definitions.k8s.cni.cncf.io",
  "kuma-controller: patch network-attachment-definitions.k8s.cni.cncf.io",
  // No request: OpenShift's admission asks whether the owner of a Dataplane may be held back.
  "kuma-controller: update pods/finalizers",
  "kuma-controller: watch network-attachment-definitions.k8s.cni.cncf.io",
  // Nobody asks for /metrics here: tests/webhook/server_kube_test.ts.
  "kuma-webhook: create subjectaccessreviews.authorization.k8s.io",
  "kuma-webhook: create tokenreviews.authentication.k8s.io",
  // A certificate is renewed after months: tests/webhook/generate_certs_test.ts.
  "kuma-webhook: update secrets",
];

const MESH = `apiVersion: kuma.io/v1alpha1
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

async function manifests(...values: string[]): Promise<string> {
  const sets = [...VALUES, ...values].flatMap((value) => ["--set", value]);
  return await must(kumactlPath(), ["install", "control-plane", ...sets]);
}

/** Waits until a Deployment or DaemonSet has what it wants. */
async function rolledOut(node: TestNode, namespace: string, what: string): Promise<void> {
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
async function live(
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
    const answer = await node.must([...get, `http://${to}/${index}`]);
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

async function untilFree(node: TestNode): Promise<void> {
  await node.until("the node has no taint of ours", async () => {
    const { spec } = JSON.parse(await node.must(["get", "node", node.spec.name, "-o", "json"]));
    return !JSON.stringify(spec.taints ?? []).includes("NodeReadiness");
  });
}

interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
}

interface Pod {
  readonly status: { readonly podIP: string };
  readonly spec: { readonly containers: Container[]; readonly initContainers?: Container[] };
}

const COMPONENTS = [
  ["kuma-system", "deployment/kuma-webhook"],
  ["kuma-system", "deployment/kuma-controller"],
  ["kube-system", "daemonset/kuma-cni-node"],
] as const;

/** What the loader says of the node; its exit code is 1 while a pod that has gone is on record. */
async function loaderStatus(node: TestNode): Promise<string> {
  const program = ["/usr/bin/kuma-ebpf-loader", "status"];
  const exec = ["exec", "-n", "kube-system", "daemonset/kuma-ebpf-loader", "--", ...program];
  return (await node.kubectl(exec)).stdout;
}

/** What nftables and iptables-nft hold in the network namespace of the pod with this address. */
async function firewallOf(node: TestNode, ip: string): Promise<string> {
  const { stdout } = await node.run("ls", ["/run/netns"]);
  for (const name of stdout.trim().split("\n")) {
    const inside = ["netns", "exec", name];
    const addresses = await node.run("ip", [...inside, "ip", "-o", "addr"]);
    if (!addresses.stdout.includes(` ${ip}/`)) continue;
    const { code, stdout, stderr } = await node.run("ip", [...inside, "nft", "list", "ruleset"]);
    assert.equal(code, 0, stderr);
    return stdout;
  }
  throw new Error(`no network namespace has ${ip}`);
}

/** Makes pods one after the other, each of which has to be ready; gives how many there were. */
async function streamOfPods(node: TestNode, signal: AbortSignal): Promise<number> {
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

/** Names of everything in the cluster that the system could leave behind. */
async function clusterObjects(node: TestNode): Promise<string[]> {
  const kinds = "namespaces,crds,clusterroles,clusterrolebindings,priorityclasses," +
    "mutatingwebhookconfigurations,validatingwebhookconfigurations";
  const inNamespaces = "deployments,daemonsets,services,serviceaccounts,configmaps,secrets,roles," +
    "rolebindings,poddisruptionbudgets,leases";
  const names = async (...args: string[]) =>
    (await node.must(["get", ...args, "-o", "name"])).trim().split("\n");
  return [...await names(kinds), ...await names(inNamespaces, "-A")].sort();
}

/** What is in the folders of the node where a CNI lives, and what is pinned there. */
async function nodeFilesOf(node: TestNode): Promise<string> {
  const { stdout } = await node.run("find", [
    ...["/etc/cni/net.d", "/opt/cni/bin", "-type", "f", "-exec", "sha256sum", "{}", "+"],
  ]);
  const { stdout: pins } = await node.run("find", ["/sys/fs/bpf", "-mindepth", "1"]);
  return pins + stdout.trim().split("\n").sort().join("\n");
}

const names = (containers: readonly Container[] = []) => containers.map(({ name }) => name).join();

test("pods live in the mesh of a real node", { sanitizeResources: false }, async (t) => {
  await using node = await TestNode.start(IMAGES);
  Deno.stderr.writeSync(new TextEncoder().encode(node.said));

  await node.until(
    "the node's own Lease is there",
    async () =>
      /lease/.test(await node.must(["get", "lease", "-n", "kube-node-lease", "-o", "name"])),
  );
  const before = { objects: await clusterObjects(node), files: await nodeFilesOf(node) };

  await t.step("the system is applied and rolls out", async () => {
    await node.apply(await manifests());
    await rolledOut(node, "kuma-system", "deployment/kuma-webhook");
    await rolledOut(node, "kuma-system", "deployment/kuma-controller");
    await node.apply(MESH);
  });

  await t.step("with kuma-init", () =>
    live(node, ({ spec }) => {
      assert.equal(names(spec.containers), "kuma-sidecar,app");
      assert.equal(names(spec.initContainers), "kuma-init");
    }));

  await t.step("with kuma-init and native sidecars", async () => {
    await node.apply(await manifests(...NATIVE));
    await rolledOut(node, "kuma-system", "deployment/kuma-webhook");
    await live(node, ({ spec }) => {
      assert.equal(names(spec.containers), "app");
      const sidecar = spec.initContainers?.find(({ name }) => name === "kuma-sidecar");
      assert.equal(sidecar?.restartPolicy, "Always");
    });
  });

  await t.step("with kuma-init and eBPF: it loads the programs for the whole node", async () => {
    await node.apply(await manifests(...EBPF));
    await rolledOut(node, "kuma-system", "deployment/kuma-webhook");
    await live(node, async ({ spec, status }) => {
      assert.equal(names(spec.initContainers), "kuma-init");
      assert.equal(await firewallOf(node, status.podIP), "");
    });
  });

  await t.step("the CNI comes: the node is tainted until it is ready, then free", async () => {
    await node.apply(await manifests(...CNI));
    await rolledOut(node, "kuma-system", "deployment/kuma-webhook");
    await rolledOut(node, "kuma-system", "deployment/kuma-controller");
    await rolledOut(node, "kube-system", "daemonset/kuma-cni-node");
    await untilFree(node);
    // Its CNI gone, the node is tainted until the next one is ready.
    await node.must(["delete", "pods", "-n", "kube-system", "-l", "app=kuma-cni", "--wait=false"]);
    const logs = ["logs", "-n", "kuma-system", "deployment/kuma-controller", "--all-pods"];
    await node.until(
      "the node was tainted and freed",
      async () => /node tainted: its CNI is not ready[^]*node freed/.test(await node.must(logs)),
    );
    await rolledOut(node, "kube-system", "daemonset/kuma-cni-node");
    await untilFree(node);
  });

  await t.step(
    "with the CNI",
    () => live(node, ({ spec }) => assert.equal(names(spec.initContainers), "kuma-validation")),
  );

  await t.step("with the CNI and eBPF: no firewall, and nothing is left in the maps", async () => {
    await node.apply(await manifests(...CNI, ...EBPF));
    for (const [namespace, what] of COMPONENTS) await rolledOut(node, namespace, what);
    await rolledOut(node, "kube-system", "daemonset/kuma-ebpf-loader");
    await live(node, async ({ spec, status }) => {
      assert.equal(names(spec.initContainers), "kuma-validation");
      assert.equal(await firewallOf(node, status.podIP), "");
      assert.match(await loaderStatus(node), /^Pod shop\/server /m);
    });
    await node.until(
      "the loader has forgotten the pods",
      async () => /^ {2}pods +0 of /m.test(await loaderStatus(node)),
    );
  });

  await t.step(
    "every component is rolled out anew under a stream of pods, and none fails",
    async () => {
      const over = new AbortController();
      const stream = streamOfPods(node, over.signal);
      for (const [namespace, what] of COMPONENTS) {
        await node.must(["rollout", "restart", what, "-n", namespace]);
        await rolledOut(node, namespace, what);
      }
      over.abort();
      const made = await stream;
      assert.ok(made >= 5, `${made} pods`);
      await untilFree(node);
    },
  );

  await t.step(
    "nobody was refused anything, and what was not used is used by tests of its own",
    async () => {
      const { granted, used, denied } = await rightsOf(node);
      assert.deepEqual(denied, []);
      assert.deepEqual([...granted].filter((right) => !used.has(right)).sort(), UNUSED_HERE);
    },
  );

  await t.step("uninstalled, the cluster and the node are as before", async () => {
    await node.must(["delete", "namespace", "shop", "--wait"]);
    await node.must(["delete", "mesh", "default"]);
    const { dir, programs } = node.spec;
    const path = `PATH=${programs.kubectl.replace(/\/kubectl$/, "")}:${Deno.env.get("PATH")}`;
    const sets = [...VALUES, ...CNI, ...EBPF].flatMap((value) => ["--set", value]);
    const done = await node.run("env", [
      ...[path, `KUBECONFIG=${nodeFiles(dir).kubeconfig("admin")}`, kumactlPath()],
      ...["uninstall", "control-plane", ...sets],
    ]);
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.deepEqual(await clusterObjects(node), before.objects);
    assert.deepEqual(await nodeFilesOf(node), before.files);
    const tree = ["cgroup", "tree", `/sys/fs/cgroup/unified/${CGROUP}`];
    const { stdout: attached } = await node.run("bpftool", tree);
    assert.doesNotMatch(attached, /connect4|getsockopt|sock_ops/);
  });
});
