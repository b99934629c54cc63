import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { recogniseCluster } from "./recognise.ts";

const labelled = (labels: JsonObject, more: JsonObject = {}): JsonObject => ({
  metadata: { labels },
  ...more,
});
const kubelet = (kubeletVersion: string): JsonObject => ({
  status: { nodeInfo: { kubeletVersion } },
});
const PLAIN = labelled({ "kubernetes.io/os": "linux" });
const GKE = labelled({ "cloud.google.com/gke-nodepool": "a" });
const AKS = labelled({ "kubernetes.azure.com/cluster": "a" });

/** Environment, nodes, DaemonSets: what each kind of cluster shows of itself. */
const CLUSTERS: [string, JsonObject[], string[]][] = [
  ["eks", [PLAIN], ["aws-node", "kube-proxy"]],
  ["eks", [labelled({}, { spec: { providerID: "aws:///a/i" } })], ["aws-node", "calico-node"]],
  ["aks", [AKS], ["azure-cns", "kube-proxy"]],
  ["aks-overlay", [
    labelled({
      "kubernetes.azure.com/cluster": "a",
      "kubernetes.azure.com/podnetwork-type": "overlay",
    }),
  ], []],
  ["cilium", [AKS], ["cilium"]],
  ["gke-dataplane-v2", [GKE], ["anetd"]],
  ["gke-dataplane-v1", [GKE], ["calico-node", "netd"]],
  ["gke-cilium", [GKE], ["cilium"]],
  ["k3d", [kubelet("v1.33.1+k3s1")], []],
  ["calico", [kubelet("v1.33.1+k3s1")], ["calico-node"]],
  ["calico", [PLAIN], ["calico-node"]],
  ["cilium", [PLAIN, PLAIN], ["cilium"]],
  ["kind", [labelled({}, { spec: { providerID: "kind://a/b/c" } })], ["kindnet", "kube-proxy"]],
  ["openshift-4", [labelled({ "node.openshift.io/os_id": "rhcos" })], ["multus"]],
  ["openshift-3.11", [
    labelled({ "node-role.kubernetes.io/compute": "true" }, kubelet("v1.11.0+d4cacc0")),
  ], ["sdn"]],
];

for (const [name, nodes, names] of CLUSTERS) {
  Deno.test(`${nodes.length} nodes with ${names.join(", ") || "no DaemonSet"} are ${name}`, () => {
    const daemonSets = names.map((name) => ({ metadata: { name } }));
    assert.equal(recogniseCluster({ nodes, daemonSets }).name, name);
  });
}

Deno.test("every environment can be recognised", () => {
  const found = new Set(CLUSTERS.map(([name]) => name));
  assert.deepEqual([...found].sort(), Object.keys(ENVIRONMENTS).sort());
});

Deno.test("what cannot be told is an error with what was seen", () => {
  const daemonSets = [{ metadata: { name: "kube-proxy" } }];
  assert.throws(() => recogniseCluster({ nodes: [PLAIN], daemonSets }), {
    code: "KUMA-CP-006",
    message: /1 nodes, DaemonSets kube-proxy/,
  });
  assert.throws(() => recogniseCluster({ nodes: [GKE], daemonSets }), {
    hint: /network policy/,
  });
});
