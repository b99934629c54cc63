/**
 * Which environment a cluster is, told from its nodes and DaemonSets.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { valueAt } from "./template/evaluate.ts";

/** What the API server lists. */
export interface ClusterFacts {
  readonly nodes: readonly JsonObject[];
  readonly daemonSets: readonly JsonObject[];
}

/** The environment's name, and by what it was told. */
export interface RecognisedEnvironment {
  readonly name: string;
  readonly because: string;
}

interface Signs {
  /** True where a node has a label of this name, or of this name and value. */
  label(name: string, value?: string): boolean;
  /** True where a node's provider ID begins so. */
  provider(scheme: string): boolean;
  /** True where a node's kubelet says this of its version. */
  kubelet(part: RegExp): boolean;
  /** True where there is a DaemonSet of this name. */
  runs(name: string): boolean;
}

type Sign = readonly [name: string, because: string, test: (signs: Signs) => boolean];

const OPENSHIFT = (signs: Signs) =>
  signs.label("node.openshift.io/os_id") || signs.runs("ovnkube-node");
const GKE = (signs: Signs) =>
  signs.label("cloud.google.com/gke-nodepool") || signs.provider("gce:");
const AKS = (signs: Signs) =>
  signs.label("kubernetes.azure.com/cluster") || signs.provider("azure:");

/** Tried in this order: whoever runs the nodes first, then what runs on them. */
const SIGNS: readonly Sign[] = [
  [
    "openshift-3.11",
    "nodes of OpenShift with a kubelet of 1.11",
    (s) => s.label("node-role.kubernetes.io/compute", "true") && s.kubelet(/^v1\.11\./),
  ],
  ["openshift-4", "nodes of OpenShift", OPENSHIFT],
  ["gke-dataplane-v2", "nodes of GKE, DaemonSet anetd", (s) => GKE(s) && s.runs("anetd")],
  ["gke-cilium", "nodes of GKE, DaemonSet cilium", (s) => GKE(s) && s.runs("cilium")],
  [
    "gke-dataplane-v1",
    "nodes of GKE, DaemonSet calico-node",
    (s) => GKE(s) && s.runs("calico-node"),
  ],
  ["cilium", "nodes of AKS, DaemonSet cilium", (s) => AKS(s) && s.runs("cilium")],
  [
    "aks-overlay",
    "nodes of AKS with an overlay network",
    (s) => AKS(s) && s.label("kubernetes.azure.com/podnetwork-type", "overlay"),
  ],
  ["aks", "nodes of AKS", AKS],
  ["eks", "DaemonSet aws-node", (s) => s.runs("aws-node")],
  [
    "k3d",
    "a kubelet of k3s",
    (s) => s.kubelet(/\+k3s\d/) && !s.runs("calico-node") && !s.runs("cilium"),
  ],
  ["cilium", "DaemonSet cilium", (s) => s.runs("cilium")],
  ["calico", "DaemonSet calico-node", (s) => s.runs("calico-node")],
  ["kind", "DaemonSet kindnet", (s) => s.runs("kindnet")],
];

/**
 * Recognises the environment.
 *
 * @throws {KumaError} `KUMA-CP-006` with what was seen
 */
export function recogniseCluster(facts: ClusterFacts): RecognisedEnvironment {
  const names = facts.daemonSets.map((one) => String(valueAt(one, "metadata.name")));
  const signs = signsOf(facts.nodes, names);
  const found = SIGNS.find(([, , test]) => test(signs));
  if (found !== undefined) return { name: found[0], because: found[1] };
  const gke = GKE(signs);
  throw new KumaError(
    "KUMA-CP-006",
    `Cannot tell what this cluster is: ${facts.nodes.length} nodes, DaemonSets ${
      [...new Set(names)].sort().join(", ") || "none"
    }`,
    gke ? { hint: "on GKE the CNI needs network policy: enable it in the cluster first" } : {},
  );
}

function signsOf(nodes: readonly JsonObject[], daemonSets: readonly string[]): Signs {
  const some = (path: string, test: (value: Json) => boolean) =>
    nodes.some((node) => test(valueAt(node, path)));
  return {
    label: (name, value) =>
      some("metadata.labels", (labels) =>
        isObject(labels) && Object.hasOwn(labels, name) &&
        (value === undefined || labels[name] === value)),
    provider: (scheme) => some("spec.providerID", (id) => String(id).startsWith(scheme)),
    kubelet: (part) =>
      some("status.nodeInfo.kubeletVersion", (version) => part.test(String(version))),
    runs: (name) => daemonSets.includes(name),
  };
}
