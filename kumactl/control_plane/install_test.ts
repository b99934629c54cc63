import assert from "node:assert/strict";
import { FakeIo, ran } from "core/program/testing.ts";
import { parseAllDocuments } from "core/proxy/yaml_library.ts";
import { ENVIRONMENTS } from "core/manifests/environments.ts";
import { recogniseCluster } from "core/manifests/recognise.ts";
import { installFlags } from "./flags.ts";
import { KUMACTL } from "../program.ts";

const install = (...words: string[]) => ran(KUMACTL, ["install", "control-plane", ...words]);
// deno-lint-ignore no-explicit-any
type Any = any;

async function objects(...words: string[]): Promise<Any[]> {
  const { code, out, err } = await install(...words);
  assert.equal(code, 0, err);
  return parseAllDocuments(out).map((document) => (document as Any).toJS());
}

const find = (all: Any[], kind: string, name: string) =>
  all.find((one) => one.kind === kind && one.metadata.name === name);
const variables = (all: Any[], kind: string, name: string): Record<string, string> =>
  Object.fromEntries(
    find(all, kind, name).spec.template.spec.containers[0].env
      .map((one: Any) => [one.name, one.value]),
  );

Deno.test("the same command line gives the same bytes, and its first line says what is not in it", async () => {
  const words = ["--set", "cni.enabled=true", "--zone", "eu-1"];
  const [first, second] = [await install(...words), await install(...words)];
  assert.equal(first.out, second.out);
  assert.match(
    first.out,
    /^# .* is not part of it: https:\/\/kuma-control-plane\.kuma-system:5678\n/,
  );
});

// Every command line of the documentation about installing into a cluster, as it is written there.
const DOCUMENTED: [string, string[], (all: Any[]) => void][] = [
  [
    "the CNI behind Calico",
    [
      ...["--set", "cni.enabled=true", "--set", "cni.chained=true"],
      ...["--set", "cni.netDir=/etc/cni/net.d", "--set", "cni.binDir=/opt/cni/bin"],
      ...["--set", "cni.confName=10-calico.conflist"],
    ],
    (all) => {
      const set = find(all, "DaemonSet", "kuma-cni-node");
      assert.equal(set.metadata.namespace, "kube-system");
      const env = variables(all, "DaemonSet", "kuma-cni-node");
      assert.equal(env.CNI_CONF_NAME, "10-calico.conflist");
      assert.equal(env.CHAINED_CNI_PLUGIN, "true");
      assert.equal(
        variables(all, "Deployment", "kuma-controller")
          .KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED,
        "true",
      );
    },
  ],
  [
    "the CNI v2, which is the only one now",
    ["--set", "cni.enabled=true", "--set", "experimental.cni=true"],
    (all) => assert.ok(find(all, "DaemonSet", "kuma-cni-node")),
  ],
  [
    "the taint controller off",
    [
      ...["--set", "cni.enabled=true"],
      ...["--env-var", "KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED=false"],
    ],
    (all) =>
      assert.equal(
        variables(all, "Deployment", "kuma-controller")
          .KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED,
        "false",
      ),
  ],
  [
    "eBPF in place of iptables",
    ["--set", "kuma.cni.enabled=true", "--set", "kuma.experimental.ebpf.enabled=true"],
    (all) =>
      assert.equal(
        variables(all, "Deployment", "kuma-webhook").KUMA_RUNTIME_KUBERNETES_INJECTOR_EBPF_ENABLED,
        "true",
      ),
  ],
  [
    "patches for every container",
    ["--env-var", "KUMA_RUNTIME_KUBERNETES_INJECTOR_CONTAINER_PATCHES=patch1,patch2"],
    (all) =>
      assert.equal(
        variables(all, "Deployment", "kuma-webhook")
          .KUMA_RUNTIME_KUBERNETES_INJECTOR_CONTAINER_PATCHES,
        "patch1,patch2",
      ),
  ],
  [
    "ports left alone in the whole mesh",
    ["--env-var", "KUMA_RUNTIME_KUBERNETES_SIDECAR_TRAFFIC_EXCLUDE_OUTBOUND_PORTS=5678,8900"],
    (all) =>
      assert.equal(
        variables(all, "Deployment", "kuma-webhook")
          .KUMA_RUNTIME_KUBERNETES_SIDECAR_TRAFFIC_EXCLUDE_OUTBOUND_PORTS,
        "5678,8900",
      ),
  ],
];

for (const [name, words, check] of DOCUMENTED) {
  Deno.test(`documented: ${name}`, async () => check(await objects(...words)));
}

Deno.test("false and 0 override", async () => {
  const without = await objects("--set", "controller.enabled=false");
  assert.equal(find(without, "Deployment", "kuma-controller"), undefined);
  const none = await objects("--set", "controlPlane.replicas=0");
  assert.equal(find(none, "Deployment", "kuma-webhook").spec.replicas, 0);
});

Deno.test("a variable that neither webhook nor controller reads is warned of, with the one that was meant", async () => {
  const said = async (name: string) => {
    const registry = ["--registry", "registry.example"];
    const { code, out, err } = await install(...registry, "--env-var", `${name}=1`);
    assert.equal(code, 0, err);
    assert.ok(out.includes(name));
    return err;
  };
  assert.match(
    await said("KUMA_RUNTIME_KUBERNETES_INJECTOR_SIDECAR_CONTAINER_UIDS"),
    /^warning: .*_UIDS has no effect here: .*; did you mean KUMA_\w+_SIDECAR_CONTAINER_UID\?\n$/,
  );
  // Of Kuma's control plane, but of another part of it.
  assert.match(await said("KUMA_API_SERVER_HTTP_PORT"), /^warning: .* reads it\n$/);
  assert.match(await said("kuma_mode"), /^warning: .*did you mean KUMA_MODE\?\n$/);
  assert.equal(await said("KUMA_EXPERIMENTAL_KUBE_OUTBOUNDS_AS_VIPS"), "");
  assert.equal(await said("HTTPS_PROXY"), "");
});

Deno.test("defaults < environment < flags < files < --set, and what is said of an environment", async () => {
  const io = new FakeIo({}, { "values.yaml": "cni: {confName: file.conflist}\n" });
  const run = (...words: string[]) => ran(KUMACTL, ["install", "control-plane", ...words], io);
  const name = async (...words: string[]) => {
    io.stdout = "";
    const { code, err } = await run(...words);
    assert.equal(code, 0, err);
    const all = parseAllDocuments(io.stdout).map((document) => (document as Any).toJS());
    return variables(all, "DaemonSet", "kuma-cni-node").CNI_CONF_NAME;
  };
  const layers = ["--environment", "calico"];
  assert.equal(await name(...layers), "10-calico.conflist");
  layers.push("--cni-conf-name", "flag.conflist");
  assert.equal(await name(...layers), "flag.conflist");
  layers.push("--values", "values.yaml");
  assert.equal(await name(...layers), "file.conflist");
  layers.push("--set", "cni.confName=set.conflist");
  assert.equal(await name(...layers), "set.conflist");
  await run("--environment", "cilium");
  assert.match(io.stderr, /to do: Cilium must run with cni\.exclusive=false/);
});

Deno.test("beside Kuma, its own objects are not among the manifests", async () => {
  const all = await objects("--beside-kuma", "--set", "cni.enabled=true");
  const kinds = new Set(all.map(({ kind }) => kind));
  assert.ok(kinds.has("Deployment") && kinds.has("DaemonSet"));
  for (const kind of ["Namespace", "CustomResourceDefinition", "MutatingWebhookConfiguration"]) {
    assert.ok(!kinds.has(kind), kind);
  }
});

for (
  const [words, code, message] of [
    [["--set", "cni.confNam=x"], "KUMA-CP-002", /did you mean cni\.confName\?/],
    [["--set", "controlPlane.mode=both"], "KUMA-CP-003", /one of zone, global/],
    [["--set", "a"], "KUMA-CP-001", /has no value/],
    [["--set", "ingress.enabled=true"], "KUMA-CP-004", /ingress\.enabled/],
    [["--environment", "gke"], "KUMA-CP-006", /no environment "gke"/],
    [["--environment", "auto", "--without-kubernetes-connection"], "KUMA-CP-008", /forbids it/],
    [["--values", "nowhere.yaml"], "KUMA-CP-005", /nowhere\.yaml/],
    [["--namespace", "A_b"], "KUMA-CP-003", /no namespace's name/],
    [["--cni-enabled=maybe"], "KUMA-CP-003", /not true or false/],
    [["--set", "controlPlane.config=store: {unsafeDelete: true}"], "KUMA-CP-008", /UNSAFE_DELETE/],
  ] as const
) {
  Deno.test(`install control-plane refuses ${words.join(" ")}`, async () => {
    const { code: exit, out, err } = await install(...words);
    assert.deepEqual([exit, out], [1, ""]);
    assert.match(err, message);
    assert.ok(err.includes(`[${code}]`), err);
  });
}

Deno.test("--dump-values is a values file that changes nothing", async () => {
  const { out } = await install("--dump-values");
  const io = new FakeIo({}, { "all.yaml": out });
  const { code, out: made, err } = await ran(
    KUMACTL,
    ["install", "control-plane", "--values", "all.yaml"],
    io,
  );
  assert.equal(code, 0, err);
  assert.equal(made, (await install()).out);
});

Deno.test("the flag offers the environments that there are", () => {
  const flag = installFlags().find(({ name }) => name === "environment");
  assert.deepEqual(flag?.choices?.toSorted(), ["auto", ...Object.keys(ENVIRONMENTS)].sort());
});

Deno.test("a cluster is recognised by its nodes and DaemonSets", () => {
  const daemonSets = (name: string) => [{ metadata: { name } }];
  const nodes = [{ metadata: { labels: { "cloud.google.com/gke-nodepool": "a" } } }];
  assert.equal(
    recogniseCluster({ nodes, daemonSets: daemonSets("anetd") }).name,
    "gke-dataplane-v2",
  );
  assert.equal(recogniseCluster({ nodes: [], daemonSets: daemonSets("aws-node") }).name, "eks");
  assert.equal(recogniseCluster({ nodes: [], daemonSets: daemonSets("kindnet") }).name, "kind");
  const k3s = [{ status: { nodeInfo: { kubeletVersion: "v1.30.1+k3s1" } } }];
  assert.equal(recogniseCluster({ nodes: k3s, daemonSets: [] }).name, "k3d");
  assert.throws(() => recogniseCluster({ nodes, daemonSets: [] }), { code: "KUMA-CP-006" });
});

Deno.test("who names no registry is told that Kuma's has none of our images", async () => {
  assert.match((await install()).err, /^to do: docker\.io\/kumahq has none of our images/);
  const own = await install("--set", "global.image.registry=registry.example");
  assert.equal(own.err, "");
});
