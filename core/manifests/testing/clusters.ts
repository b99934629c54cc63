/**
 * What clusters of each environment show of themselves: nodes, and names of DaemonSets, as their makers set them up.
 *
 * @module
 */
import type { JsonObject } from "core/patch/json.ts";

/** A cluster: its environment's name, its nodes, its DaemonSets with their namespaces. */
export interface ShownCluster {
  readonly environment: string;
  readonly nodes: readonly JsonObject[];
  /** `namespace/name`; of `kube-system` where there is no slash. */
  readonly daemonSets: readonly string[];
}

interface Node {
  readonly labels?: Readonly<Record<string, string>>;
  readonly providerID?: string;
  readonly kubelet?: string;
}

function node({ labels = {}, providerID = "", kubelet = "v1.33.1" }: Node): JsonObject {
  return {
    metadata: { labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", ...labels } },
    spec: providerID === "" ? {} : { providerID },
    status: { nodeInfo: { kubeletVersion: kubelet, osImage: "" } },
  };
}

const AWS: Node = {
  labels: {
    "eks.amazonaws.com/nodegroup": "workers",
    "node.kubernetes.io/instance-type": "m5.large",
    "topology.kubernetes.io/zone": "eu-west-1a",
  },
  providerID: "aws:///eu-west-1a/i-0123456789abcdef0",
  kubelet: "v1.33.1-eks-1de2ab1",
};
const AZURE: Node = {
  labels: {
    agentpool: "nodepool1",
    "kubernetes.azure.com/agentpool": "nodepool1",
    "kubernetes.azure.com/cluster": "MC_group_cluster_westeurope",
    "kubernetes.azure.com/os-sku": "AzureLinux",
  },
  providerID: "azure:///subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/m/0",
};
const AZURE_SETS = [
  "azure-ip-masq-agent",
  "cloud-node-manager",
  "csi-azuredisk-node",
  "kube-proxy",
];
const GOOGLE: Node = {
  labels: {
    "cloud.google.com/gke-nodepool": "default-pool",
    "cloud.google.com/gke-os-distribution": "cos",
    "cloud.google.com/machine-family": "e2",
  },
  providerID: "gce://project/europe-west1-b/gke-cluster-default-pool-0123",
  kubelet: "v1.33.1-gke.1386000",
};
const GOOGLE_SETS = ["fluentbit-gke", "gke-metrics-agent", "gke-metadata-server", "pdcsi-node"];
const RANCHER: Node = {
  labels: { "node.kubernetes.io/instance-type": "k3s", "k3s.io/internal": "true" },
  providerID: "k3s://k3d-test-server-0",
  kubelet: "v1.33.1+k3s1",
};

const cluster = (environment: string, nodes: readonly Node[], ...daemonSets: string[]) => ({
  environment,
  nodes: nodes.map(node),
  daemonSets,
});

/** At least one of each environment, and those that are easily taken for another. */
export const CLUSTERS: readonly ShownCluster[] = [
  cluster("eks", [AWS, AWS], "aws-node", "kube-proxy", "ebs-csi-node"),
  // Calico for policies alone, behind Amazon's own network.
  cluster("eks", [AWS], "aws-node", "calico-system/calico-node", "kube-proxy"),
  cluster("aks", [AZURE], "azure-cns", ...AZURE_SETS),
  cluster(
    "aks-overlay",
    [{ ...AZURE, labels: { ...AZURE.labels, "kubernetes.azure.com/podnetwork-type": "overlay" } }],
    "azure-cns",
    ...AZURE_SETS,
  ),
  cluster("cilium", [AZURE], "azure-cns", "cilium", ...AZURE_SETS),
  cluster("gke-dataplane-v2", [GOOGLE], "anetd", "netd", "kube-proxy", ...GOOGLE_SETS),
  cluster("gke-dataplane-v1", [GOOGLE], "calico-node", "netd", ...GOOGLE_SETS),
  cluster("gke-cilium", [GOOGLE], "cilium", "netd", ...GOOGLE_SETS),
  cluster("k3d", [RANCHER], "svclb-traefik"),
  cluster("calico", [RANCHER], "svclb-traefik", "calico-node"),
  cluster("calico", [{}, {}], "calico-system/calico-node", "calico-system/csi-node-driver"),
  // On machines of Amazon, but not of EKS.
  cluster("cilium", [{ providerID: AWS.providerID ?? "" }], "cilium", "cilium-envoy"),
  cluster(
    "kind",
    [{ labels: { "node-role.kubernetes.io/control-plane": "" }, providerID: "kind://docker/k/k" }],
    "kindnet",
    "kube-proxy",
  ),
  cluster(
    "openshift-4",
    [{
      labels: { "node.openshift.io/os_id": "rhcos", "node-role.kubernetes.io/worker": "" },
      kubelet: "v1.31.6",
    }],
    "openshift-multus/multus",
    "openshift-ovn-kubernetes/ovnkube-node",
    "openshift-dns/dns-default",
  ),
  cluster(
    "openshift-3.11",
    [{ labels: { "node-role.kubernetes.io/compute": "true" }, kubelet: "v1.11.0+d4cacc0" }],
    "openshift-sdn/sdn",
    "openshift-sdn/ovs",
    "openshift-node/sync",
  ),
];
