/**
 * `kumactl check --kubernetes` against a real API server, with the real webhook behind it: a cluster that is well, in
 * which one thing after the other is broken and mended again.
 */
import assert from "node:assert/strict";
import type { CheckResult } from "core/check/run.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { CheckDocument } from "../../kumactl/check_document.ts";
import { checkedDocument } from "../support/documents.ts";
import { requires } from "../support/requires.ts";
import { ownAddress } from "../webhook/fake_deployment.ts";
import { certificates, ClusterLab, mesh, MESHES, MUTATING, SYSTEM } from "./lab.ts";

const test = requires("etcd", "kubectl");
const KUMA = "/apis/kuma.io/v1alpha1";
const CONTROLLER = `/apis/apps/v1/namespaces/${SYSTEM}/deployments/kuma-controller`;
const DAEMON_SET = "/apis/apps/v1/namespaces/kube-system/daemonsets/kuma-cni-node";
const SECRET = `/api/v1/namespaces/${SYSTEM}/secrets/kuma-webhook-tls`;
const RBAC = "/apis/rbac.authorization.k8s.io/v1";

interface Checked {
  readonly code: number;
  /** What is not ok, by name. */
  readonly found: ReadonlyMap<string, CheckResult>;
  readonly all: ReadonlyMap<string, CheckResult>;
}

async function check(lab: ClusterLab, kubeconfig?: string): Promise<Checked> {
  const { code, stdout, stderr } = await lab.kumactl(
    ["check", "--kubernetes", "-o", "json"],
    kubeconfig,
  );
  assert.equal(stderr, "");
  const { sections } = checkedDocument(
    stdout,
    "kuma.io/kumactl-check/v1",
  ) as unknown as CheckDocument;
  const all = sections.flatMap(({ checks }) => checks).map((one) => [one.name, one] as const);
  return {
    code,
    all: new Map(all),
    found: new Map(all.filter(([, { status }]) => status !== "ok")),
  };
}

/** Checks until it comes out so: an API server takes a while to call webhooks as their configuration is written now. */
async function checkUntil(lab: ClusterLab, fits: (checked: Checked) => boolean): Promise<Checked> {
  let last = await check(lab);
  const deadline = performance.now() + 60_000;
  while (!fits(last) && performance.now() < deadline) last = await check(lab);
  return last;
}

/** One thing is wrong, and nothing else is said. */
async function only(
  lab: ClusterLab,
  name: string,
  status: CheckResult["status"],
  code: string,
  words: RegExp,
): Promise<void> {
  const { found, code: exit } = await checkUntil(
    lab,
    ({ found }) => [...found.keys()].join() === name && found.get(name)?.code === code,
  );
  const one = found.get(name);
  const said = JSON.stringify([...found.values()]);
  assert.deepEqual([...found.keys()], [name], said);
  assert.deepEqual([one?.status, one?.code], [status, code], said);
  assert.match(one?.details.join("\n") ?? "", words);
  assert.equal(exit, { ok: 0, warning: 0, failed: 1, unknown: 2 }[status]);
}

test("a cluster that is well, and each thing that may be wrong with it", async (t) => {
  await using lab = await ClusterLab.start();
  const { cluster } = lab;
  // What the CNI's installer of node-b would say at /readyz.
  await using pages = Deno.serve(
    { hostname: ownAddress(), port: 0, onListen: () => {} },
    () =>
      new Response("[+]entry ok\n[-]plugin failed: cannot write\nreadyz check failed\n", {
        status: 503,
      }),
  );
  await lab.node("node-a");
  await lab.node("node-b", { port: pages.addr.port });
  await lab.rolledOut(DAEMON_SET);
  await using webhook = await lab.runPrograms();
  await cluster.request("POST", MESHES, mesh("default"));
  await cluster.createNamespace("plain");
  await cluster.createNamespace("shop", { "kuma.io/sidecar-injection": "enabled" });
  const dataplane = (name: string) =>
    cluster.request("POST", `${KUMA}/namespaces/shop/dataplanes`, {
      ...{ apiVersion: "kuma.io/v1alpha1", kind: "Dataplane", mesh: "default", metadata: { name } },
      spec: {
        networking: {
          address: "10.0.0.1",
          inbound: [{ port: 8080, tags: { "kuma.io/service": `${name}_shop_svc_80` } }],
        },
      },
    });
  await lab.meshed("shop", "web");
  await dataplane("web");
  await cluster.createPod("plain", { metadata: { name: "other" } });

  await t.step("all is well", async () => {
    const { code, found, all } = await checkUntil(lab, ({ code }) => code === 0);
    assert.deepEqual([...found.values()], []);
    assert.equal(code, 0);
    assert.equal(all.size, 16, "every check applies");
    const { code: same, stdout } = await lab.kumactl(["check", "--kubernetes"]);
    assert.equal(same, 0);
    assert.match(
      stdout,
      /^Sidecar injector\n-+\n✓ The API server asks an injector about pods: Service kuma-system\/kuma-webhook\n/,
    );
    assert.match(
      stdout,
      /\n✓ A pod that asks for a sidecar gets one: tried as a dry run in namespace shop\n/,
    );
    assert.match(stdout, /\nAll is well: 16 ok\.\n$/);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
    const { items } = await cluster.request<{ items: unknown[] }>(
      "GET",
      "/api/v1/namespaces/shop/pods",
    );
    assert.equal(items.length, 1, "nothing was made");
  });

  await t.step("a taint hangs", async () => {
    const taints = [{ key: "NodeReadiness", effect: "NoSchedule" }];
    await lab.patch("/api/v1/nodes/node-b", { spec: { taints } });
    await only(
      lab,
      "nodes-taints",
      "failed",
      "KUMA-CHK-111",
      /^node node-b keeps the taint NodeReadiness, although/,
    );
    await lab.patch("/api/v1/nodes/node-b", { spec: { taints: null } });
  });

  await t.step("the CNI is not ready on a node, whose taint is as it should be", async () => {
    const pod = ["kube-system", "kuma-cni-node-node-b"] as const;
    await lab.podStatus(...pod, { conditions: [{ type: "Ready", status: "False" }] });
    const taints = [{ key: "NodeReadiness", effect: "NoSchedule" }];
    await lab.patch("/api/v1/nodes/node-b", { spec: { taints } });
    await only(
      lab,
      "nodes-cni-ready",
      "failed",
      "KUMA-CHK-110",
      /^node node-b: kube-system\/kuma-cni-node-node-b is not ready: plugin failed: cannot write$/,
    );
    await lab.patch("/api/v1/nodes/node-b", { spec: { taints: null } });
    await lab.podStatus(...pod, { conditions: [{ type: "Ready", status: "True" }] });
  });

  await t.step("a node without the CNI, and one for Windows", async () => {
    await lab.node("node-c", { cni: false });
    await lab.node("node-w", { cni: false });
    await lab.patch("/api/v1/nodes/node-w", {
      metadata: { labels: { "kubernetes.io/os": "windows" } },
    });
    await only(lab, "nodes-cni", "failed", "KUMA-CHK-109", /^node node-c has no pod of the CNI$/);
  });

  await t.step("a pod with a sidecar on it, whose check nobody has seen pass", async () => {
    await lab.meshed("shop", "there", { node: "node-c", ip: "10.0.0.2" });
    await lab.podStatus("shop", "there", { initContainerStatuses: [] });
    await dataplane("there");
    const { found } = await check(lab);
    assert.match(
      found.get("pods-intercepted")?.details.join() ?? "",
      /^shop\/there: .* no pod of the CNI is on its node node-c/,
    );
    await cluster.deletePod("shop", "there");
    await cluster.request("DELETE", `${KUMA}/namespaces/shop/dataplanes/there`);
    for (const node of ["node-c", "node-w"]) {
      await cluster.request("DELETE", `/api/v1/nodes/${node}`);
    }
  });

  await t.step("kuma-validation has failed", async () => {
    await lab.meshed("shop", "early", { exitCode: 1, ip: "" });
    await only(
      lab,
      "pods-intercepted",
      "failed",
      "KUMA-CHK-113",
      /^shop\/early: kuma-validation found no interception on node/,
    );
    await cluster.deletePod("shop", "early");
  });

  await t.step("kuma-init has failed", async () => {
    await lab.meshed("shop", "init", { cni: false, exitCode: 1, ip: "" });
    await only(
      lab,
      "pods-intercepted",
      "failed",
      "KUMA-CHK-113",
      /^shop\/init: kuma-init ended with exit code 1/,
    );
    await cluster.deletePod("shop", "init");
  });

  await t.step("a sidecar in a namespace that the plugin leaves alone", async () => {
    await lab.meshed("kube-system", "odd", { ip: "" });
    await only(
      lab,
      "pods-intercepted",
      "failed",
      "KUMA-CHK-113",
      /^kube-system\/odd: kuma-cni leaves it alone: its namespace kube-system is excluded/,
    );
    await cluster.deletePod("kube-system", "odd");
  });

  await t.step("a pod that was made before the label", async () => {
    await lab.label("plain", { "kuma.io/sidecar-injection": "enabled" });
    await only(
      lab,
      "pods-injected",
      "failed",
      "KUMA-CHK-112",
      /^plain\/other: the label of namespace plain .* is enabled$/,
    );
  });

  await t.step("labels and annotations that mean nothing", async () => {
    await lab.label("plain", { "kuma.io/sidecar-injection": "on" });
    await lab.patch("/api/v1/namespaces/plain", {
      metadata: { annotations: { "kuma.io/sidecar-injection": "enabled" } },
    });
    await lab.label("kube-system", { "kuma.io/sidecar-injection": "enabled" });
    const { found, code } = await check(lab);
    const one = found.get("pods-labels");
    assert.deepEqual([one?.status, one?.code], ["warning", "KUMA-CHK-116"]);
    const said = one?.details.join("\n") ?? "";
    assert.match(said, /namespace plain: annotation .* has no effect, use the label/);
    assert.match(said, /namespace plain: label .* is "on", which is neither on nor off/);
    assert.match(said, /namespace kube-system: label .* the API server does not ask the injector/);
    assert.equal(code, 0, "they hinder nothing");
    await lab.label("plain", { "kuma.io/sidecar-injection": "disabled" });
    await lab.patch("/api/v1/namespaces/plain", {
      metadata: { annotations: { "kuma.io/sidecar-injection": null } },
    });
    await lab.patch("/api/v1/namespaces/kube-system", {
      metadata: { labels: { "kuma.io/sidecar-injection": null } },
    });
  });

  await t.step("a Dataplane is missing, and one is left", async () => {
    await cluster.request("DELETE", `${KUMA}/namespaces/shop/dataplanes/web`);
    await only(lab, "pods-dataplanes", "failed", "KUMA-CHK-114", /^shop\/web has none$/);
    await dataplane("web");
    await dataplane("gone");
    const ownerReferences = [{
      apiVersion: "v1",
      kind: "Pod",
      name: "gone",
      uid: crypto.randomUUID(),
    }];
    await lab.patch(`${KUMA}/namespaces/shop/dataplanes/gone`, { metadata: { ownerReferences } });
    await only(
      lab,
      "pods-dataplanes",
      "warning",
      "KUMA-CHK-114",
      /^Dataplane shop\/gone: its pod is gone/,
    );
    await cluster.request("DELETE", `${KUMA}/namespaces/shop/dataplanes/gone`);
  });

  await t.step("a mesh is gone", async () => {
    await lab.patch("/api/v1/namespaces/shop/pods/web", {
      metadata: { labels: { "kuma.io/mesh": "gone" } },
    });
    await only(lab, "pods-meshes", "failed", "KUMA-CHK-115", /^Mesh gone, of 1 pod$/);
    await lab.patch("/api/v1/namespaces/shop/pods/web", {
      metadata: { labels: { "kuma.io/mesh": "default" } },
    });
  });

  await t.step("versions differ: a program's, and a sidecar's", async () => {
    const { spec } = await cluster.request<{ spec: JsonObject }>("GET", CONTROLLER);
    const container = (image: string) => ({
      spec: { template: { spec: { containers: [{ name: "kuma-controller", image }] } } },
    });
    const strategic = { contentType: "application/strategic-merge-patch+json" };
    await cluster.request("PATCH", CONTROLLER, container("x/kuma-controller:0.0.1"), strategic);
    await lab.rolledOut(CONTROLLER);
    await only(
      lab,
      "programs-versions",
      "warning",
      "KUMA-CHK-108",
      /0\.0\.1: Deployment kuma-system\/kuma-controller/,
    );
    const before = spec as { template: { spec: { containers: { image: string }[] } } };
    const image = before.template.spec.containers[0]?.image ?? "";
    await cluster.request("PATCH", CONTROLLER, container(image), strategic);
    await lab.rolledOut(CONTROLLER);
    const sidecar = { spec: { containers: [{ name: "kuma-sidecar", image: "kuma-dp:old" }] } };
    await cluster.request("PATCH", "/api/v1/namespaces/shop/pods/web", sidecar, strategic);
    await only(
      lab,
      "programs-versions",
      "warning",
      "KUMA-CHK-108",
      /^1 pod has the sidecar kuma-dp:old \(shop\/web\); the injector gives /,
    );
    await cluster.deletePod("shop", "web");
    await lab.meshed("shop", "web");
  });

  await t.step("a rollout that is not over", async () => {
    await lab.rolledOut(CONTROLLER, 1);
    await only(
      lab,
      "programs-rollout",
      "failed",
      "KUMA-CHK-106",
      /^Deployment kuma-system\/kuma-controller: \d of \d pods are available$/,
    );
    await lab.rolledOut(CONTROLLER);
  });

  await t.step("a right is missing", async () => {
    const path = `${RBAC}/clusterrolebindings/kuma-controller`;
    const binding = await cluster.request<JsonObject & { metadata: JsonObject }>("GET", path);
    await cluster.request("DELETE", path);
    await only(
      lab,
      "programs-rights",
      "failed",
      "KUMA-CHK-107",
      /Deployment kuma-system\/kuma-controller may not create dataplanes\.kuma\.io/,
    );
    await lab.apply({ ...binding, metadata: { name: "kuma-controller" } });
  });

  await t.step("a CA that has signed nothing, and a certificate that ended", async () => {
    const { authority, server } = await certificates(new Date(Date.now() - 400 * 86_400_000), 30);
    const configuration = await cluster.request<JsonObject>("GET", MUTATING);
    const wrong = structuredClone(configuration);
    for (const one of wrong.webhooks as { clientConfig: JsonObject }[]) {
      one.clientConfig.caBundle = btoa(authority.certificate);
    }
    // The webhook looks after both itself, so it must not run meanwhile.
    await webhook.end();
    await cluster.request("PUT", MUTATING, wrong);
    const { found } = await check(lab);
    assert.equal(found.get("injector-ca")?.code, "KUMA-CHK-103");
    assert.match(found.get("injector-ca")?.details.join() ?? "", /no CA in caBundle has signed it/);

    const secret = await cluster.request<{ data: Record<string, string> }>("GET", SECRET);
    const ended = { "tls.crt": btoa(server.certificate), "tls.key": btoa(server.key) };
    await lab.patch(SECRET, { data: ended });
    const { found: late, code } = await check(lab);
    assert.equal(code, 1);
    assert.equal(late.get("injector-certificate")?.code, "KUMA-CHK-104");
    assert.match(
      late.get("injector-certificate")?.details.join() ?? "",
      /^the certificate: it ended on 20/,
    );
    assert.equal(late.has("injector-ca"), false, "that CA has signed it");
    await lab.patch(SECRET, { data: secret.data });
    await cluster.request("PATCH", MUTATING, { webhooks: configuration.webhooks }, {
      contentType: "application/merge-patch+json",
    });
  });

  await t.step("the webhook does not answer; then none of its endpoints is ready", async () => {
    await only(
      lab,
      "injector-answers",
      "failed",
      "KUMA-CHK-105",
      /^failed calling webhook .*(?:refused|EOF|reset)/,
    );
    const slices = `/apis/discovery.k8s.io/v1/namespaces/${SYSTEM}/endpointslices`;
    const { items } = await cluster.request<{ items: { metadata: { name: string } }[] }>(
      "GET",
      slices,
    );
    for (const { metadata } of items) await cluster.request("DELETE", `${slices}/${metadata.name}`);
    const { found } = await check(lab);
    assert.equal(found.get("injector-endpoints")?.code, "KUMA-CHK-102");
    assert.match(found.get("injector-endpoints")?.details.join() ?? "", /has no endpoints$/);
  });

  await t.step("failure policy Ignore hides it, but not from the check", async () => {
    const { webhooks } = await cluster.request<{ webhooks: JsonObject[] }>("GET", MUTATING);
    const ignoring = webhooks.map((one) => ({ ...one, failurePolicy: "Ignore" }));
    await lab.patch(MUTATING, { webhooks: ignoring });
    const said = ({ found }: Checked) => found.get("injector-answers")?.details.join() ?? "";
    const ignored = /got no sidecar: .* failure policy is Ignore/;
    assert.match(said(await checkUntil(lab, (checked) => ignored.test(said(checked)))), ignored);
  });

  await t.step("no configuration at all", async () => {
    await lab.unadmit();
    const { found, all, code } = await check(lab);
    assert.equal(code, 1);
    assert.equal(found.get("injector-configured")?.code, "KUMA-CHK-101");
    assert.equal(all.has("injector-answers"), false, "it does not apply");
  });

  await t.step("who may see nothing is told so by each check, and it is no failure", async () => {
    const kubeconfig = await lab.kubeconfigOf("blind", []);
    const { code, all } = await check(lab, kubeconfig);
    assert.equal(code, 2);
    for (const { name, status, details, lasting } of all.values()) {
      assert.deepEqual([name, status, lasting], [name, "unknown", true]);
      assert.match(
        details[0] ?? "",
        /is forbidden: User "system:serviceaccount:default:blind" cannot/,
      );
    }
    const { stdout } = await lab.kumactl(["check", "--kubernetes", "-o", "short"], kubeconfig);
    assert.match(
      stdout,
      /\nNot everything could be looked at: 0 ok, \d+ could not be looked at\.\n$/,
    );
  });

  await t.step("one clear line where there is no cluster, or it is not known which", async () => {
    const cases: [string[], string | undefined, RegExp][] = [
      [[], "/none", /^Error: .*"\/none".* \[KUMA-CP-010\]\nHint: name a kubeconfig .*\n$/],
      [["--pre"], undefined, /^Error: --kubernetes and --pre: give one of them/],
      [["--redirect-dns"], undefined, /^Error: --redirect-dns is about a host, and not about/],
    ];
    for (const [words, kubeconfig, expected] of cases) {
      const { code, stdout, stderr } = await lab.kumactl(
        ["check", "--kubernetes", ...words],
        kubeconfig,
      );
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, expected);
    }
    await cluster.stopServer();
    const { code, stdout, stderr } = await lab.kumactl(["check", "--kubernetes"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^Error: the API server \S+ does not answer: .* \[KUMA-HOST-160\]\n$/);
    await cluster.startServer();
  });
});
