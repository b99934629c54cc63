/**
 * Every `KUMA-CNI-…` code: what it means, what to do, and the number that it becomes in the CNI error
 * JSON (CNI specification 1.1.0, "Error": 0 to 99 are the specification's, from 100 on the plugin's own).
 *
 * @module
 */

/** What is said about one code, and its number in the error JSON. */
export interface CniCodeText {
  /** What happened, a few words. */
  readonly title: string;
  /** What the person can do, one or two sentences. */
  readonly todo: string;
  /** `code` of the error JSON; 11 tells the runtime that trying again later may help. */
  readonly cni: number;
}

/** The codes of the CNI plugin. */
export const CNI_CODES = {
  "KUMA-CNI-001": {
    title: "A CNI environment variable is missing or malformed",
    todo:
      "The container runtime sets these variables; a person who runs the plugin by hand sets all " +
      "that the message names.",
    cni: 4,
  },
  "KUMA-CNI-002": {
    title: "The plugin's standard input cannot be read as JSON",
    todo:
      "The runtime writes the network configuration there; check the conflist in the CNI net dir.",
    cni: 6,
  },
  "KUMA-CNI-003": {
    title: "The network configuration is invalid",
    todo:
      "Mend the key that the message names in the conflist, or let the installer write it anew.",
    cni: 7,
  },
  "KUMA-CNI-004": {
    title: "The CNI version of the configuration does not fit",
    todo: "Use a cniVersion from 0.1.0 to 1.1.0; CHECK needs 0.4.0, STATUS and GC need 1.1.0.",
    cni: 1,
  },
  "KUMA-CNI-005": {
    title: "The pod's network namespace is the host's",
    todo:
      "The plugin never changes the host's rules. A pod with hostNetwork must not be given to it.",
    cni: 8,
  },
  "KUMA-CNI-006": {
    title: "The plugin failed in a way that nobody foresaw",
    todo: "Report it with the message and the plugin's log.",
    cni: 999,
  },
  "KUMA-CNI-011": {
    title: "The plugin's kubeconfig, or a file that it names, cannot be read",
    todo:
      "Check that the CNI DaemonSet's pod runs on this node; pods start as soon as it wrote the file.",
    cni: 11,
  },
  "KUMA-CNI-012": {
    title: "The plugin's kubeconfig is malformed",
    todo: "Delete the file that the message names; the installer writes it anew.",
    cni: 102,
  },
  "KUMA-CNI-013": {
    title: "The API server does not answer as it should",
    todo: "Check the API server's health and this node's connection to it; the pod is tried again.",
    cni: 11,
  },
  "KUMA-CNI-014": {
    title: "The node's CNI token is stale",
    todo: "Check that the CNI DaemonSet's pod runs on this node: it renews the token.",
    cni: 11,
  },
  "KUMA-CNI-015": {
    title: "The plugin may not read pods",
    todo: "Give the CNI's service account a ClusterRole with the verb get on pods.",
    cni: 101,
  },
  "KUMA-CNI-016": {
    title: "The API server does not know the pod",
    todo:
      "Nothing, if the pod was just deleted or replaced; otherwise check that the node and the " +
      "kubeconfig belong to the same cluster.",
    cni: 11,
  },
  "KUMA-CNI-017": {
    title: "The API server's certificate is not trusted",
    todo:
      "Check the CA in the plugin's kubeconfig against the cluster's; the installer writes it anew " +
      "from the CA of its service account.",
    cni: 103,
  },
  "KUMA-CNI-018": {
    title: "The node's iptables does not end",
    todo: "Run iptables-save and iptables-legacy-save on the node; the pod is tried again.",
    cni: 11,
  },
  "KUMA-CNI-019": {
    title: "The rules of a pod could not be applied, nor taken out again",
    todo:
      "What is left goes with the pod's sandbox, and the pod is tried again in a new one. Run " +
      "iptables-save and iptables-legacy-save on the node to see whether they work.",
    cni: 11,
  },
  "KUMA-CNI-022": {
    title: "The rules in the pod's network namespace are not what its annotations ask for",
    todo:
      "Another program changed them, or the annotations were changed after the start: recreate the pod.",
    cni: 105,
  },
  "KUMA-CNI-023": {
    title: "The plugin can never serve a pod on this node",
    todo:
      "The plugin needs root with CAP_NET_ADMIN and CAP_SYS_ADMIN, and `kubernetes.kubeconfig` in " +
      "its configuration.",
    cni: 50,
  },
  "KUMA-CNI-024": {
    title: "The plugin's program cannot be started, or ended without an answer",
    todo:
      "Raise the limit that the message names: `systemctl show containerd` (or the runtime's unit) has LimitNOFILE, " +
      "LimitAS, TasksMax and MemoryMax. Where none is too low, standard error in the runtime's log says what ended it; " +
      "`install-cni check` says whether the program is whole.",
    cni: 11,
  },
} as const satisfies Readonly<Record<string, CniCodeText>>;
