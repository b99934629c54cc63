/**
 * The whole system on a real node: what `kumactl install control-plane` prints is applied, kubelet runs it from our
 * images, and pods live and die in it. In place of kuma-dp runs a stand-in with its ports and probes.
 */
import assert from "node:assert/strict";
import { requires } from "../support/requires.ts";
import { type Outage, rightsOf } from "./audit.ts";
import { allIsWell } from "./eyes.ts";
import { NodeImages } from "./images.ts";
import {
  comeToLife,
  type Container,
  depart,
  live,
  podOf,
  rolledOut,
  streamOfPods,
} from "./life.ts";
import {
  clusterObjects,
  firewallOf,
  loaderForgets,
  loaderHas,
  nodeFilesOf,
  programsOf,
  untilFree,
  untilSettled,
} from "./look.ts";
import { TestNode } from "./node.ts";
import { walkReadme } from "./readme.ts";
import { STANDIN_IMAGE } from "./spec.ts";
import { apiServerRestarts, joins, leaves, reboots } from "./two_nodes.ts";
import { AS_SHIPPED, CNI, ebpf, IMAGES, manifests, MESH, NATIVE, VALUES } from "./values.ts";

const test = requires("root", "netns", "containerd", "podman", "cni-plugins", "etcd", "kubectl");

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

const COMPONENTS = [
  ["kuma-system", "deployment/kuma-webhook"],
  ["kuma-system", "deployment/kuma-controller"],
  ["kube-system", "daemonset/kuma-cni-node"],
] as const;
const LOADER = ["kube-system", "daemonset/kuma-ebpf-loader"] as const;

const names = (containers: readonly Container[] = []) => containers.map(({ name }) => name).join();

/** What a step leaves open would be taken for another's: the two clusters live at the same time. */
const BESIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

test("pods live in the mesh of a real node", BESIDE, async (t) => {
  await using images = await NodeImages.make(IMAGES);
  await Promise.all([
    t.step("of both families", (t) => dualStack(t, images)),
    t.step("of IPv4 alone", (t) => ipv4(t, images)),
  ]);
});

/** Every way of interception, two nodes, and the way back to what was before. */
async function dualStack(t: Deno.TestContext, images: NodeImages): Promise<void> {
  const cgroup = "kuma-test-node";
  await using node = await TestNode.start({ images: images.all, ipv6: true, cgroup });
  const EBPF = ebpf(node);
  Deno.stderr.writeSync(new TextEncoder().encode(node.said));

  await untilSettled(node);
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

  await t.step("with the CNI, whose installer answers ADD", async () => {
    await live(node, ({ spec }) => assert.equal(names(spec.initContainers), "kuma-validation"));
    const logs = ["logs", "-n", "kube-system", "daemonset/kuma-cni-node"];
    await node.until(
      "a pod was intercepted without the plugin's program",
      async () => /pod is intercepted[^]*way[=":]+daemon/.test(await node.must(logs)),
    );
  });

  const outage = await withSecondNode(t, node, images);

  await t.step("with the CNI and eBPF: no firewall, and nothing is left in the maps", async () => {
    await node.apply(await manifests(...CNI, ...EBPF, ...AS_SHIPPED));
    for (const [namespace, what] of [...COMPONENTS, LOADER]) await rolledOut(node, namespace, what);
    await live(node, async ({ spec, status }) => {
      assert.equal(names(spec.initContainers), "kuma-validation");
      assert.equal(await firewallOf(node, status.podIP), "");
      await loaderHas(node, "server");
    });
    await loaderForgets(node);
  });

  await t.step(
    "every component is rolled out anew under a stream of pods, and none fails",
    async () => {
      const over = new AbortController();
      const stream = streamOfPods(node, over.signal);
      for (const [namespace, what] of [...COMPONENTS, LOADER]) {
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
      const { granted, used, denied } = await rightsOf(node, outage);
      assert.deepEqual(denied, []);
      assert.deepEqual([...granted].filter((right) => !used.has(right)).sort(), UNUSED_HERE);
    },
  );

  await t.step("uninstalled, the cluster and the node are as before", async () => {
    await node.must(["delete", "namespace", "shop", "--wait"]);
    await node.must(["delete", "mesh", "default"]);
    const sets = [...VALUES, ...CNI, ...EBPF].map((value) => `--set ${value}`).join(" ");
    const done = await node.shell(`kumactl uninstall control-plane ${sets}`);
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.deepEqual(await clusterObjects(node), before.objects);
    assert.deepEqual(await nodeFilesOf(node), before.files);
    const tree = ["cgroup", "tree", `/sys/fs/cgroup/unified/${cgroup}`];
    const { stdout: attached } = await node.run("bpftool", tree);
    assert.doesNotMatch(attached, /connect4|getsockopt|sock_ops/);
  });
}

/** Pods on two nodes, of which one comes, is rebooted and goes again. */
async function withSecondNode(
  t: Deno.TestContext,
  node: TestNode,
  images: NodeImages,
): Promise<Outage | undefined> {
  let second: TestNode | undefined, outage: Outage | undefined;
  const joined = await t.step(
    "a node joins, tainted until its CNI is ready; pods of two nodes talk",
    async () => {
      second = await joins(node, images);
    },
  );
  if (!joined || second === undefined) return outage;
  const other = second;
  await t.step("the API server is killed and starts again", async () => {
    outage = await apiServerRestarts(node);
  });
  await t.step("the node is rebooted, and its pod comes back", async () => {
    await reboots(node, other, "server");
    await depart(node, [node, other]);
  });
  await t.step("the node is taken away", () => leaves(node, other));
  return outage;
}

/**
 * A cluster without IPv6: by the CNI, on two nodes; by eBPF, whose programs a reboot takes away; by kuma-init and native
 * sidecars.
 */
async function ipv4(t: Deno.TestContext, images: NodeImages): Promise<void> {
  const cgroup = "kuma-test-ipv4";
  await using node = await TestNode.start({ images: images.all, ipv6: false, cgroup });
  await t.step("the commands of README, from nothing to an injected pod", async () => {
    await walkReadme(node);
    await node.must(["run", "web", `--image=${STANDIN_IMAGE}`, "--", "app"]);
    await node.must(["wait", "--for=condition=Ready", "pod/web", "--timeout=120s"]);
    const of = (what: string) => node.must(["get", "pod", "web", "-o", `jsonpath={${what}}`]);
    assert.equal(await of(".spec.containers[*].name"), "kuma-sidecar web");
    assert.equal(await of(".spec.initContainers[*].name"), "kuma-validation");
    await node.must(["delete", "pod", "web", "--wait"]);
    await node.apply(MESH);
  });
  await t.step("with the CNI, on two nodes", async () => {
    await live(node, () => allIsWell(node));
    await using second = await joins(node, images);
    await depart(node, [node, second]);
    await leaves(node, second);
  });
  await t.step(
    "with the CNI and eBPF, a reboot takes all programs, and pods come back",
    async () => {
      await node.apply(await manifests(...CNI, ...ebpf(node)));
      for (const [namespace, what] of [...COMPONENTS, LOADER]) {
        await rolledOut(
          node,
          namespace,
          what,
        );
      }
      await comeToLife(node);
      const before = await programsOf(node);
      assert.notEqual(before.length, 0);
      await reboots(node, node, "server", "client");
      const after = await programsOf(node);
      assert.equal(after.length, before.length);
      assert.deepEqual(after.filter((id) => before.includes(id)), [], "all were loaded anew");
      for (const name of ["server", "client"]) {
        const { status: { podIP } } = await podOf(node, name);
        assert.equal(await firewallOf(node, podIP), "");
        await loaderHas(node, name);
      }
      await depart(node, [node]);
      await loaderForgets(node);
    },
  );
  await t.step("with kuma-init and native sidecars, the CNI taken away", async () => {
    await node.apply(await manifests(...NATIVE));
    // Before the CNI: a controller that still watches it would taint the node, and nobody would free it.
    await rolledOut(node, "kuma-system", "deployment/kuma-controller");
    await rolledOut(node, "kuma-system", "deployment/kuma-webhook");
    const sets = ["daemonset/kuma-cni-node", "daemonset/kuma-ebpf-loader"];
    await node.must(["delete", ...sets, "-n", "kube-system", "--wait"]);
    await live(node, async ({ spec, status }) => {
      assert.equal(names(spec.containers), "app");
      const sidecar = spec.initContainers?.find(({ name }) => name === "kuma-sidecar");
      assert.equal(sidecar?.restartPolicy, "Always");
      assert.match(await firewallOf(node, status.podIP), /redirect to :15006/);
    });
  });
}
