/**
 * Every `KUMA-CP-…` code: what it means and what to do. `kumactl explain` prints it.
 *
 * @module
 */
import type { CodeText } from "./tp_codes.ts";

/** The codes of `kumactl install control-plane`, `uninstall control-plane`, and of whatever looks at a cluster. */
export const CP_CODES = {
  "KUMA-CP-001": {
    title: "A --set argument cannot be read",
    todo:
      "Write key=value, several separated by commas; a comma in a value is \\, and a list is {a,b}.",
  },
  "KUMA-CP-002": {
    title: "A value of that name does not exist",
    todo: "Correct the name; 'kumactl install control-plane --dump-values' prints all of them.",
  },
  "KUMA-CP-003": {
    title: "A value or flag has a wrong type or form",
    todo: "Correct the value that the message names; nothing was printed.",
  },
  "KUMA-CP-004": {
    title: "A value asks for what is not done here",
    todo: "Leave it at its default, or use what the message names in its place.",
  },
  "KUMA-CP-005": {
    title: "A values file cannot be used",
    todo: "Correct the file that the message names: a YAML map of values.",
  },
  "KUMA-CP-006": {
    title: "The environment is not known",
    todo: "Name it with --environment, or set cni.netDir, cni.binDir and cni.confName yourself.",
  },
  "KUMA-CP-007": {
    title: "The cluster could not be asked",
    todo:
      "Install kubectl and let 'kubectl get nodes' work: it is asked with your own configuration.",
  },
  "KUMA-CP-008": {
    title: "Flags or values contradict each other",
    todo: "Decide for one of the two that the message names.",
  },
  "KUMA-CP-009": {
    title: "Something of the installation could not be removed",
    todo: "Remove what the message names, or correct the cause and run the command again.",
  },
  "KUMA-CP-010": {
    title: "It is not known which cluster to ask, or as whom",
    todo:
      "Name a kubeconfig with --kubeconfig or KUBECONFIG whose user has a token or a client certificate. " +
      "One with a login program (exec) cannot be used: 'kubectl create token' makes a token.",
  },
  "KUMA-CP-011": {
    title: "The cluster does not accept who asks",
    todo:
      "The token or certificate of the kubeconfig has expired or is of another cluster: get a new one.",
  },
  "KUMA-CP-012": {
    title: "The pod to explain is not there, or may not be read",
    todo:
      "Correct NAMESPACE/NAME, or get the right to read pods there; a file with the pod (-f) needs no cluster.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
