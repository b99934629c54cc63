import { delay } from "core/time/clock.ts";
import assert from "node:assert/strict";
import { cniClusterRules, cniNamespaceRules } from "core/manifests/cni.ts";
import { evaluate, NO_SCOPE } from "core/manifests/template/evaluate.ts";
import type { Node } from "core/manifests/template/node.ts";
import { sharedCluster, type TestCluster } from "tests/kube/apiserver.ts";
import type { PolicyRule } from "tests/kube/cluster.ts";
import { createPki } from "tests/kube/pki.ts";
import { requires } from "tests/support/requires.ts";
import { waitUntil } from "tests/support/processes.ts";
import { judgeDaemonSet } from "../../installer/daemonset.ts";
import { CALICO, TestNode } from "./node.ts";

const test = requires("root", "etcd");
const LIST = "10-calico.conflist";
const POD = "kuma-cni-node-abcde";

/** What `kumactl install control-plane` grants. */
const CLUSTER_RULES = rules(cniClusterRules());
const OWN_RULES = rules(cniNamespaceRules({ name: "kuma-cni" }));

function rules(nodes: Node[]): PolicyRule[] {
  const scope = { ...NO_SCOPE, values: { nameOverride: "kuma" } };
  return evaluate(nodes, scope) as unknown as PolicyRule[];
}

/** The rules without one resource. */
function less(rules: readonly PolicyRule[], resource: string): PolicyRule[] {
  return rules.map((rule) => ({
    ...rule,
    resources: (rule.resources ?? []).filter((one) => one !== resource),
  })).filter(({ resources }) => resources.length > 0);
}

/** The DaemonSet's namespace, service account, roles, pod and node in a real API server. */
class Deployment {
  private constructor(
    readonly cluster: TestCluster,
    readonly namespace: string,
    readonly podUid: string,
  ) {}

  /** `lacking` names a resource that the account has no right to, though the manifests give it one. */
  static async create(cluster: TestCluster, lacking = ""): Promise<Deployment> {
    const namespace = `cni-${crypto.randomUUID().slice(0, 8)}`;
    await cluster.createNamespace(namespace);
    await cluster.createServiceAccount(namespace, "kuma-cni");
    const subject = { serviceAccount: `${namespace}/kuma-cni` };
    await cluster.grant(namespace, less(CLUSTER_RULES, lacking), subject);
    await cluster.grant(namespace, less(OWN_RULES, lacking), subject, namespace);
    await cluster.request("POST", "/api/v1/nodes", {
      metadata: { name: namespace, labels: { "kubernetes.io/os": "linux" } },
    });
    const daemonSet = await cluster.request(
      "POST",
      `/apis/apps/v1/namespaces/${namespace}/daemonsets`,
      daemonSetObject(),
    );
    const pod = await cluster.createPod(namespace, {
      metadata: {
        name: POD,
        ownerReferences: [{
          apiVersion: "apps/v1",
          kind: "DaemonSet",
          name: "kuma-cni-node",
          uid: String(daemonSet.metadata?.uid),
          controller: true,
        }],
      },
      spec: {
        serviceAccountName: "kuma-cni",
        nodeName: namespace,
        containers: [{ name: "install-cni", image: "kuma-cni:1" }],
      },
    });
    return new Deployment(cluster, namespace, String(pod.metadata?.uid));
  }

  /** The token that kubelet would project into the pod. */
  podToken(): Promise<string> {
    return this.cluster.createServiceAccountToken(this.namespace, "kuma-cni", {
      boundTo: { kind: "Pod", apiVersion: "v1", name: POD, uid: this.podUid },
    });
  }

  /** The environment of an installer that talks to this cluster. */
  async env(node: TestNode): Promise<Record<string, string>> {
    Deno.writeTextFileSync(`${node.account}/token`, await this.podToken());
    Deno.copyFileSync(this.cluster.caFile, `${node.account}/ca.crt`);
    return {
      KUBERNETES_SERVICE_PROTOCOL: "https",
      KUBERNETES_SERVICE_PORT: String(this.cluster.port),
      REFRESH_SA_TOKEN_INTERVAL: "1",
    };
  }

  /** The status of a GET of a pod with this token: what the plugin does. */
  async podStatus(token: string, pod: string): Promise<number> {
    using client = Deno.createHttpClient({ caCerts: [this.cluster.caPem], http2: false });
    const url = `${this.cluster.url}/api/v1/namespaces/${this.namespace}/pods/${pod}`;
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(url, { client, headers });
    await answer.body?.cancel();
    return answer.status;
  }
}

function daemonSetObject(): Record<string, unknown> {
  const labels = { app: "kuma-cni" };
  return {
    metadata: { name: "kuma-cni-node" },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { "kubernetes.io/os": "linux" },
          containers: [{ name: "install-cni", image: "kuma-cni:1" }],
        },
      },
    },
  };
}

function kubeconfigToken(node: TestNode): string {
  return /token: (\S+)/.exec(node.read("ZZZ-kuma-cni-kubeconfig"))?.[1] ?? "";
}

test("the plugin's token works while the DaemonSet's pod is gone", async () => {
  await using cluster = await sharedCluster();
  const deployment = await Deployment.create(cluster);
  await cluster.createPod(deployment.namespace, { metadata: { name: "web" } });
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const installer = node.start(await deployment.env(node));
  await installer.ready();
  const token = kubeconfigToken(node);
  const podToken = Deno.readTextFileSync(`${node.account}/token`);
  assert.notEqual(token, podToken, installer.output);
  assert.equal(await deployment.podStatus(token, "web"), 200);

  await installer.stop();
  await cluster.deletePod(deployment.namespace, POD);
  await waitUntil(
    "the pod's own token has died with it",
    async () => await deployment.podStatus(podToken, "web") === 401,
    { timeoutMs: 30_000, intervalMs: 200 },
  );
  assert.equal(kubeconfigToken(node), token);
  assert.equal(await deployment.podStatus(token, "web"), 200);
});

test("an authority that only the environment names does not vouch for the API server", async () => {
  await using cluster = await sharedCluster();
  const deployment = await Deployment.create(cluster);
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const env = { ...await deployment.env(node), DENO_CERT: cluster.caFile };
  Deno.writeTextFileSync(`${node.account}/ca.crt`, (await createPki()).caPem);
  const installer = node.start(env);
  await installer.ready();
  // No token of its own: there is nobody to ask.
  assert.equal(kubeconfigToken(node), Deno.readTextFileSync(`${node.account}/token`));
  assert.match(installer.output, /certificate/);
});

test("without the right to ask for tokens, the pod's own is used and follows its rotation", async () => {
  await using cluster = await sharedCluster();
  const deployment = await Deployment.create(cluster, "serviceaccounts/token");
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const installer = node.start(await deployment.env(node));
  await installer.ready();
  assert.equal(kubeconfigToken(node), Deno.readTextFileSync(`${node.account}/token`));
  assert.match(installer.output, /works only while this pod is there/);

  const rotated = await cluster.createServiceAccountToken(deployment.namespace, "kuma-cni", {
    expirySeconds: 7200,
    boundTo: { kind: "Pod", apiVersion: "v1", name: POD, uid: deployment.podUid },
  });
  Deno.writeTextFileSync(`${node.account}/token.new`, `${rotated}\n`);
  Deno.renameSync(`${node.account}/token.new`, `${node.account}/token`);
  await waitUntil("the kubeconfig has the new token", () => kubeconfigToken(node) === rotated, {
    timeoutMs: 4000,
  });
  // Nothing rotates: nothing is written, since each write wakes the runtime.
  const { ino } = Deno.statSync(`${node.netDir}/ZZZ-kuma-cni-kubeconfig`);
  await delay(2500);
  assert.equal(Deno.statSync(`${node.netDir}/ZZZ-kuma-cni-kubeconfig`).ino, ino);
  assert.doesNotMatch(installer.output, /eyJ/);
});

test("each of its rights is needed: without it the end of the pod is judged otherwise", async (t) => {
  await using cluster = await sharedCluster();
  const rights = [...CLUSTER_RULES, ...OWN_RULES].flatMap(({ resources = [], verbs }) => {
    assert.deepEqual(verbs.length, 1, "one verb a rule: what is taken away is a right");
    return resources;
  });
  // Which one is missing, and what is said then. The token's own test is above.
  const said: Record<string, RegExp> = {
    pods: /answers 403 for pod .*: unauthorised/,
    daemonsets: /answers 403 for DaemonSet .*: unauthorised/,
    nodes: /DaemonSet .* is there$/,
    "serviceaccounts/token": /still has this node/,
  };
  assert.deepEqual(rights.toSorted(), Object.keys(said).toSorted());
  for (
    const [lacking, expected] of [["", /still has this node/] as const, ...Object.entries(said)]
  ) {
    await t.step(`without ${lacking || "nothing"}`, async () => {
      const deployment = await Deployment.create(cluster, lacking);
      const token = await deployment.podToken();
      const get = async (path: string) => {
        const answer = await cluster.fetch("GET", path, undefined, { token });
        return { status: answer.status, body: await answer.json() };
      };
      const settings = { pod: { name: "", namespace: "", node: "" }, daemonSet: "" };
      const { reason } = await judgeDaemonSet(settings, token, get);
      assert.match(reason, expected);
    });
  }
});

test("a rolling update keeps everything, a deleted DaemonSet cleans the node", async () => {
  await using cluster = await sharedCluster();
  const deployment = await Deployment.create(cluster);
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const first = node.start(await deployment.env(node));
  await first.ready();
  await first.stop();
  assert.equal(node.chain(LIST)?.at(-1), "kuma-cni", first.output);
  assert.match(first.output, /it is being replaced/);

  const second = node.start(await deployment.env(node));
  await second.ready();
  await cluster.request(
    "DELETE",
    `/apis/apps/v1/namespaces/${deployment.namespace}/daemonsets/kuma-cni-node`,
  );
  await second.stop();
  assert.deepEqual(node.names(), [LIST], second.output);
  assert.equal(node.read(LIST), CALICO);
});
