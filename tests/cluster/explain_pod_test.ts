/**
 * `kumactl explain pod` against a real API server: one cluster, in which one thing after the other is made wrong.
 */
import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import type { ExplainPodDocument, PodExplanation } from "../../kumactl/pod/document.ts";
import { checkedDocument } from "../support/documents.ts";
import { requires } from "../support/requires.ts";
import { ClusterLab, mesh, MESHES } from "./lab.ts";

const test = requires("etcd", "kubectl");
const KUMA = "/apis/kuma.io/v1alpha1";

async function explain(lab: ClusterLab, pod: string, kubeconfig?: string): Promise<PodExplanation> {
  const { stdout, stderr } = await lab.kumactl(["explain", "pod", pod, "-o", "json"], kubeconfig);
  assert.equal(stderr, "");
  const document = checkedDocument(stdout, "kuma.io/kumactl-explain-pod/v1");
  return (document as unknown as ExplainPodDocument).pods[0] as PodExplanation;
}

test("the whole way of a pod, and each thing that may be wrong with it", async (t) => {
  await using lab = await ClusterLab.start();
  const { cluster } = lab;
  await lab.node("node-a");
  await cluster.request("POST", MESHES, mesh("default"));
  await cluster.createNamespace("shop");
  await cluster.request("POST", "/api/v1/namespaces/shop/services", {
    metadata: { name: "web" },
    spec: {
      selector: { app: "web" },
      ports: [{ port: 80, targetPort: "http", appProtocol: "http" }],
    },
  });
  await lab.meshed("shop", "web", {
    annotations: { "traffic.kuma.io/exclude-outbound-ports": "5432" },
  });
  await lab.label("shop", { "kuma.io/sidecar-injection": "enabled" });

  await t.step("without a Dataplane", async () => {
    const { problems, dataplane } = await explain(lab, "shop/web");
    assert.deepEqual(problems, ["it has no Dataplane: nobody in the mesh can reach it"]);
    assert.deepEqual([dataplane.wanted, dataplane.found], ["present", "absent"]);
    assert.deepEqual(dataplane.inbounds, ["8080 web_shop_svc_80 (http)"]);
  });

  await t.step("a packet of it, and the annotation that decides", async () => {
    const packet = ["explain", "packet", "--pod", "shop/web", "--to", "10.1.2.3:5432"];
    const { stdout, stderr } = await lab.kumactl([...packet, "-o", "json"]);
    assert.equal(stderr, "");
    const told = checkedDocument(stdout, "kuma.io/kumactl-explain-packet/v1");
    assert.equal(told.outcome, "left alone");
    assert.deepEqual(told.decidedBy, [{
      key: "redirect.outbound.excludePorts",
      source: "annotation traffic.kuma.io/exclude-outbound-ports",
    }]);
    const none = await lab.kumactl([...packet.with(3, "shop/nobody")]);
    assert.deepEqual([none.code, none.stdout], [1, ""]);
    assert.match(none.stderr, /there is no pod shop\/nobody \[KUMA-CP-012\]/);
  });

  await t.step("with one that somebody changed", async () => {
    await cluster.request("POST", `${KUMA}/namespaces/shop/dataplanes`, {
      ...{
        apiVersion: "kuma.io/v1alpha1",
        kind: "Dataplane",
        mesh: "default",
        metadata: { name: "web" },
      },
      spec: { networking: { address: "10.9.9.9" } },
    });
    const { problems, dataplane } = await explain(lab, "shop/web");
    assert.ok(dataplane.differences.includes("/spec/networking/address"), problems.join());
    assert.match(problems.join(), /its Dataplane is not as it should be: \/spec\/networking/);
    await cluster.request("DELETE", `${KUMA}/namespaces/shop/dataplanes/web`);
  });

  await t.step("as a page: 80 columns, all sections", async () => {
    const { code, stdout } = await lab.kumactl(["explain", "pod", "shop/web"]);
    assert.equal(code, 1, "there is a problem");
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
    assert.match(stdout, /^Pod shop\/web: Running, on node-a, 10\.0\.0\.1\n/);
    assert.match(
      stdout,
      /\nInjection: it has a sidecar\n {2}the label of namespace shop kuma\.io\S+ is enabled\n {2}mesh default: /,
    );
    assert.match(stdout, /\nInterception: by kuma-cni, and it works\n/);
    assert.match(stdout, /\n {2}redirect\.outbound\.excludePorts: .*5432/);
    assert.match(stdout, /\n {2}TCP in to port 8080 \(app\): redirected to port 15006\n/);
    assert.match(
      stdout,
      /\nDataplane: none, there should be one\n {2}8080 web_shop_svc_80 \(http\)\n/,
    );
    assert.match(stdout, /\n1 problem\.\n$/);
  });

  await t.step("a check that has failed, by what is known of the CNI there", async () => {
    await lab.meshed("shop", "early", { exitCode: 1, ip: "10.0.0.2" });
    const { interception, problems } = await explain(lab, "shop/early");
    assert.deepEqual([interception.by, interception.works], ["kuma-cni", "no"]);
    assert.match(problems[0] ?? "", /^kuma-validation found no interception on node node-a/);
    await lab.podStatus("kube-system", "kuma-cni-node-node-a", {
      conditions: [{ type: "Ready", status: "False" }],
    });
    const worse = await explain(lab, "shop/early");
    assert.match(worse.problems.join(), /no pod of the CNI is ready there/);
    assert.match(
      worse.problems.join(),
      /the CNI is not ready on its node \(kube-system\/kuma-cni-node-node-a\)/,
    );
    await lab.podStatus("kube-system", "kuma-cni-node-node-a", {
      conditions: [{ type: "Ready", status: "True" }],
    });
  });

  await t.step("kuma-init that has failed", async () => {
    await lab.meshed("shop", "init", { cni: false, exitCode: 3, ip: "10.0.0.3" });
    const { interception } = await explain(lab, "shop/init");
    assert.deepEqual([interception.by, interception.works], ["kuma-init", "no"]);
    assert.match(interception.evidence, /exit code 3/);
  });

  await t.step("a pod that was made before the label", async () => {
    await cluster.createPod("shop", { metadata: { name: "old" } });
    await lab.admit("");
    const { injection, problems, interception } = await explain(lab, "shop/old");
    assert.equal(injection.verdict, "left alone");
    assert.match(
      problems.join(),
      /^it has no sidecar, although its labels ask for one: it was made before/,
    );
    assert.equal(interception.by, "nobody");
    await lab.unadmit();
    const { problems: without } = await explain(lab, "shop/old");
    assert.match(without.join(), /there is no injector/);
  });

  await t.step("a pod that asks by a label that the API server does not look at", async () => {
    await cluster.createNamespace("plain");
    await cluster.createPod("plain", {
      metadata: { name: "asks", labels: { "kuma.io/sidecar-injection": "true" } },
    });
    await lab.admit("");
    const { problems } = await explain(lab, "plain/asks");
    assert.match(problems.join(), /does not ask the injector about it: .*pods-kuma-injector/);
    await lab.unadmit();
  });

  await t.step("a pod whose labels say no by now, in a mesh that is gone", async () => {
    await lab.label("shop", { "kuma.io/sidecar-injection": "disabled", "kuma.io/mesh": "gone" });
    await lab.meshed("plain", "lonely", { labels: { "kuma.io/mesh": "default" }, ip: "10.0.0.4" });
    await lab.patch("/api/v1/namespaces/plain/pods/lonely", {
      metadata: { labels: { "kuma.io/mesh": "gone" } },
    });
    const lonely = (await explain(lab, "plain/lonely")).problems.join("\n");
    assert.match(lonely, /^it has a sidecar, and would get none now/);
    assert.match(lonely, /Mesh "gone" does not exist/);
    await lab.label("shop", { "kuma.io/sidecar-injection": "enabled", "kuma.io/mesh": "default" });
  });

  await t.step("Events: ours, and not those of an earlier pod or of others", async () => {
    const { metadata } = await cluster.request("GET", "/api/v1/namespaces/shop/pods/web");
    const involved = { kind: "Pod", namespace: "shop", name: "web", uid: metadata?.uid ?? "" };
    const event = (name: string, more: JsonObject) =>
      cluster.request("POST", "/api/v1/namespaces/shop/events", {
        metadata: { name },
        involvedObject: involved,
        ...{ type: "Warning", lastTimestamp: "2026-01-01T00:00:00Z", ...more },
      });
    const source = { component: "kuma-controller" };
    await event("a", { reason: "NotIntercepted", message: "ours", source });
    await event("b", { reason: "Pulled", message: "others", source: { component: "kubelet" } });
    const earlier = { kind: "Pod", namespace: "shop", name: "web", uid: "other" };
    await event("c", {
      reason: "NotIntercepted",
      message: "earlier",
      source,
      involvedObject: earlier,
    });
    await event("d", {
      reason: "FailedCreatePodSandBox",
      message: 'plugin type="kuma-cni" failed',
      source: {},
    });
    const started = { ...involved, fieldPath: "spec.containers{kuma-sidecar}" };
    await event("e", {
      type: "Normal",
      reason: "Started",
      message: "everyday",
      involvedObject: started,
    });
    const { events } = await explain(lab, "shop/web");
    assert.deepEqual(events.map(({ message }) => message).sort(), [
      "ours",
      'plugin type="kuma-cni" failed',
    ]);
  });

  await t.step("who may read nothing but the pod is told what could not be looked at", async () => {
    const kubeconfig = await lab.kubeconfigOf("podreader", [
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    ]);
    const { unread, injection, dataplane, interception } = await explain(
      lab,
      "shop/web",
      kubeconfig,
    );
    assert.match(injection.reason, /may not be read/);
    assert.deepEqual([dataplane.wanted, dataplane.found], ["unknown", "unknown"]);
    assert.equal(interception.works, "yes", "the pod itself says so");
    assert.ok(
      unread.some(({ path, why }) => path === "/api/v1/namespaces/shop" && /forbidden/.test(why)),
    );
    const { code, stdout } = await lab.kumactl(["explain", "pod", "shop/web"], kubeconfig);
    assert.equal(code, 0);
    assert.match(stdout, /\nNo problem was found; not everything could be looked at\.\n$/);
  });

  await t.step("one clear line where there is nothing to explain", async () => {
    const blind = await lab.kubeconfigOf("blind", []);
    const cases: [string[], string | undefined, RegExp][] = [
      [["shop/none"], undefined, /^Error: there is no pod shop\/none \[KUMA-CP-012\]\n$/],
      [
        ["shop/web"],
        blind,
        /^Error: pod shop\/web cannot be read: pods "web" is forbidden: .* \[KUMA-CP-012\]\n$/,
      ],
      [
        ["shop/web"],
        "/none",
        /^Error: .*"\/none".* \[KUMA-CP-010\]\nHint: name a kubeconfig .*\n$/,
      ],
      [["a/b/c"], undefined, /^Error: 'a\/b\/c' is no NAMESPACE\/NAME of a pod/],
      [["../nodes"], undefined, /^Error: '\.\.\/nodes' is no NAMESPACE\/NAME of a pod/],
      [[], undefined, /^Error: name a pod/],
    ];
    for (const [words, kubeconfig, expected] of cases) {
      const { code, stdout, stderr } = await lab.kumactl(["explain", "pod", ...words], kubeconfig);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, expected);
    }
  });

  await t.step("no cluster answers", async () => {
    await cluster.stopServer();
    const { code, stderr } = await lab.kumactl(["explain", "pod", "shop/web"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^Error: the API server https:\/\/127\.0\.0\.1:\d+ does not answer: .* \[KUMA-HOST-160\]\n$/,
    );
    await cluster.startServer();
  });
});
