/**
 * Clusters by name: the CNI's values for each, which the documentation gives as lists, and what a person has to
 * do besides.
 *
 * @module
 */
import type { JsonObject } from "core/patch/json.ts";

/** A cluster's kind. */
export interface ClusterEnvironment {
  readonly values: JsonObject;
  /** What no manifest can do. */
  readonly notes: readonly string[];
}

const chained = (confName: string, binDir = "/opt/cni/bin", netDir = "/etc/cni/net.d") => ({
  enabled: true,
  chained: true,
  netDir,
  binDir,
  confName,
});

const GKE = "/home/kubernetes/bin";
const GKE_NOTE =
  "enable network policy in the GKE cluster first (existing nodes are made anew), or GKE rewrites the CNI's file";
const AKS_NOTE = "AKS rewrites the CNI's file now and then; the installer puts the entry back";
const CILIUM_NOTES = [
  "Cilium must run with cni.exclusive=false, or it takes the entry out again; before 1.14 set cni.confName=05-cilium.conf",
];

const PRIVILEGED = { enabled: true, containerSecurityContext: { privileged: true } };
const scc = (account: string) =>
  `oc adm policy add-scc-to-user privileged -z ${account} -n kube-system`;

/** All that are known. */
export const ENVIRONMENTS: Readonly<Record<string, ClusterEnvironment>> = {
  eks: {
    values: {
      cni: chained("10-aws.conflist"),
      controlPlane: {
        envVars: {
          // EKS has no IPv6 by default.
          KUMA_RUNTIME_KUBERNETES_INJECTOR_SIDECAR_CONTAINER_IP_FAMILY_MODE: "ipv4",
        },
      },
    },
    notes: [],
  },
  aks: { values: { cni: chained("10-azure.conflist") }, notes: [AKS_NOTE] },
  "aks-overlay": {
    values: { cni: chained("15-azure-swift-overlay.conflist") },
    notes: [AKS_NOTE],
  },
  calico: { values: { cni: chained("10-calico.conflist") }, notes: [] },
  cilium: { values: { cni: chained("05-cilium.conflist") }, notes: CILIUM_NOTES },
  "gke-dataplane-v1": { values: { cni: chained("10-calico.conflist", GKE) }, notes: [GKE_NOTE] },
  "gke-dataplane-v2": { values: { cni: chained("10-gke-ptp.conflist", GKE) }, notes: [GKE_NOTE] },
  "gke-cilium": {
    values: { cni: chained("05-cilium.conflist", GKE) },
    notes: [GKE_NOTE, ...CILIUM_NOTES],
  },
  k3d: {
    values: {
      cni: chained("10-flannel.conflist", "/bin", "/var/lib/rancher/k3s/agent/etc/cni/net.d"),
    },
    notes: [],
  },
  kind: { values: { cni: chained("10-kindnet.conflist") }, notes: [] },
  "openshift-3.11": {
    values: { cni: PRIVILEGED },
    notes: [
      "switch MutatingAdmissionWebhook and ValidatingAdmissionWebhook on in the master's configuration",
      scc("kuma-cni"),
    ],
  },
  "openshift-4": { values: { cni: PRIVILEGED }, notes: [scc("kuma-cni")] },
};
