/**
 * Which cluster network a node has, told from its net dir, and what is known not to work there.
 *
 * @module
 */
import type { ConfigCandidate, ValidConfig } from "core/conflist/choose.ts";
import { REWRITERS } from "./hints.ts";

/** What the net dir shows. */
export interface NetDirFacts {
  /** The config that counts, if there is one. */
  readonly winner: ValidConfig | undefined;
  readonly verdicts: readonly ConfigCandidate[];
  /** All names in the directory. */
  readonly names: readonly string[];
  readonly netDir: string;
  readonly binDir: string;
  readonly chained: boolean;
}

/** A recognised network: its name, and warnings for a person. */
export interface Recognised {
  readonly network: string;
  readonly warnings: readonly string[];
}

interface Kind {
  readonly network: string;
  readonly matches: (facts: NetDirFacts, winner: ValidConfig) => boolean;
  readonly warnings?: (facts: NetDirFacts, winner: ValidConfig) => string[];
}

const first = (winner: ValidConfig) => winner.types[0] ?? "";
const onGke = (facts: NetDirFacts) => facts.binDir.startsWith("/home/kubernetes");

/** Tried in this order: the more special come first. */
const KINDS: readonly Kind[] = [
  {
    network: "OpenShift with Multus",
    matches: (facts, winner) =>
      first(winner).startsWith("multus") &&
      facts.names.some((name) => /openshift|ovn-k/.test(name)),
    warnings: (facts) => facts.chained ? [MULTUS] : [],
  },
  {
    network: "Multus",
    matches: (_, winner) => first(winner).startsWith("multus"),
    warnings: (facts) => facts.chained ? [MULTUS] : [],
  },
  {
    network: "GKE dataplane v2",
    matches: (facts, winner) =>
      first(winner) === "ptp" && (winner.types.includes("cilium-cni") ||
        facts.names.some((name) => name.includes("cilium"))),
    warnings: gkeWarnings,
  },
  {
    network: "GKE (ptp)",
    matches: (facts, winner) =>
      first(winner) === "ptp" && (onGke(facts) || winner.network.startsWith("gke")),
    warnings: (facts) => [
      ...gkeWarnings(facts),
      "enable network policy in the cluster, or GKE rewrites the file",
    ],
  },
  {
    network: "Cilium",
    matches: (_, winner) => winner.types.includes("cilium-cni"),
    warnings: (_, winner) => [
      REWRITERS.cilium,
      "with kube-proxy replacement, set socketLB.hostNamespaceOnly=true or kubeProxyReplacement=false",
      ...(winner.kind === "single"
        ? ["a Cilium before 1.14: its .conf is replaced by a .conflist"]
        : []),
    ],
  },
  {
    network: "Calico on GKE",
    matches: (facts, winner) => first(winner) === "calico" && onGke(facts),
  },
  {
    network: "Calico",
    matches: (_, winner) => first(winner) === "calico",
  },
  {
    network: "kindnet (kind)",
    matches: (_, winner) => winner.network === "kindnet",
  },
  {
    network: "k3s with flannel",
    matches: (facts, winner) =>
      winner.types.includes("flannel") && facts.netDir.includes("/rancher/k3s/"),
    warnings: (facts) =>
      facts.binDir === "/opt/cni/bin"
        ? [
          "k3s does not look into /opt/cni/bin: set cni.binDir (k3d: /bin, k3s: /var/lib/rancher/k3s/data/cni)",
        ]
        : [],
  },
  {
    network: "flannel",
    matches: (_, winner) => winner.types.includes("flannel"),
  },
  {
    network: "Azure CNI overlay",
    matches: (_, winner) => first(winner) === "azure-vnet" && winner.name.includes("overlay"),
    warnings: () => [REWRITERS.aks],
  },
  {
    network: "Azure CNI",
    matches: (_, winner) => first(winner) === "azure-vnet",
    warnings: () => [REWRITERS.aks],
  },
  {
    network: "AWS VPC CNI",
    matches: (_, winner) => first(winner) === "aws-cni",
    warnings: () => [
      "EKS has no IPv6 by default: set the control plane's sidecar IP family mode to ipv4",
      "security groups for pods need POD_SECURITY_GROUP_ENFORCING_MODE=standard",
    ],
  },
  {
    network: "OVN-Kubernetes",
    matches: (_, winner) => first(winner).startsWith("ovn-k8s"),
  },
  {
    network: "Kube-OVN",
    matches: (_, winner) => first(winner) === "kube-ovn",
  },
  { network: "OpenShift SDN", matches: (_, winner) => first(winner) === "openshift-sdn" },
  { network: "Antrea", matches: (_, winner) => first(winner) === "antrea" },
  { network: "Weave Net", matches: (_, winner) => first(winner) === "weave-net" },
  {
    network: "kube-router",
    matches: (facts, winner) =>
      first(winner) === "bridge" && facts.names.some((name) => name.includes("kuberouter")),
  },
  { network: "kubenet", matches: (_, winner) => winner.network === "kubenet" },
];

const MULTUS =
  "chaining to Multus itself runs the plugin once a pod for all networks: on OpenShift use standalone mode (cni.chained=false)";

/** The network, by its plugins' types and file names; "unknown" where none fits. */
export function recognise(facts: NetDirFacts): Recognised {
  const { winner } = facts;
  const general = generalWarnings(facts);
  if (winner === undefined) return { network: "none", warnings: general };
  const kind = KINDS.find((one) => one.matches(facts, winner));
  return {
    network: kind?.network ?? `unknown (${winner.types.join(", ")})`,
    warnings: [...(kind?.warnings?.(facts, winner) ?? []), ...general],
  };
}

function gkeWarnings(facts: NetDirFacts): string[] {
  return onGke(facts) ? [] : ["on GKE the bin dir is /home/kubernetes/bin: set cni.binDir"];
}

function generalWarnings(facts: NetDirFacts): string[] {
  const warnings: string[] = [];
  const at = facts.verdicts.findIndex((verdict) => verdict.valid);
  for (const verdict of facts.verdicts.slice(0, at < 0 ? undefined : at)) {
    if (!verdict.valid) {
      warnings.push(
        `"${verdict.name}" sorts first but ${verdict.reason}: containerd stops at such a file`,
      );
    }
  }
  const aside = facts.names.filter((name) => name.endsWith(".cilium_bak"));
  if (aside.length > 0) {
    warnings.push(`Cilium has set files aside (${aside.join(", ")}): it runs exclusively`);
  }
  const version = facts.winner?.cniVersion ?? "";
  if (facts.winner?.kind === "list" && /^0\.[012]\./.test(version)) {
    warnings.push(`the list's cniVersion ${version} is from before chains: they need 0.3.0`);
  }
  return warnings;
}
