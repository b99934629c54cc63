/**
 * Every `KUMA-CTL-…` code: what it means and what to do. `kumactl explain` prints it.
 *
 * @module
 */
import type { CodeText } from "./tp_codes.ts";

/** The codes of the controller. */
export const CTL_CODES = {
  "KUMA-CTL-001": {
    title: "The configuration file or an environment variable of the controller is wrong",
    todo:
      "Correct the key or variable that the message names; the controller does not start with it.",
  },
  "KUMA-CTL-002": {
    title: "Nodes are to be tainted, or pods repaired, and nobody said which pods are the CNI",
    todo: "Set KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_CNI_APP to the label 'app' of the " +
      "CNI's pods, such as kuma-cni: without it every node would stay tainted for good, and no pod be " +
      "repaired.",
  },
  "KUMA-CTL-003": {
    title: "The controller does not know which API server to talk to, or as whom",
    todo: "Run it in a pod with a service account, or set KUBECONFIG.",
  },
  "KUMA-CTL-004": {
    title: "The address for /healthz, /readyz and /metrics cannot be listened on",
    todo: "Choose another --port, or stop who has it.",
  },
  "KUMA-CTL-005": {
    title: "The Lease was lost to another replica, or could not be renewed in time",
    todo:
      "Nothing, where the other replica works: the kubelet starts this one again, and it waits for " +
      "its turn. Look at the API server's answer times where it happens often.",
  },
  "KUMA-CTL-006": {
    title: "A namespace's label kuma.io/sidecar-injection is no switch",
    todo:
      "Set it to enabled or disabled: until then the namespace's NetworkAttachmentDefinition stays " +
      "as it is.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
