/**
 * Every `KUMA-WH-…` code: what it means and what to do. `kumactl explain` prints it.
 *
 * @module
 */
import type { CodeText } from "./tp_codes.ts";

/** The codes of the admission webhook: settings, injection, ContainerPatch, server, certificates. */
export const WH_CODES = {
  "KUMA-WH-001": {
    title: "The configuration file or an environment variable of the webhook is wrong",
    todo: "Correct the key or variable that the message names; the webhook does not start with it.",
  },
  "KUMA-WH-002": {
    title: "A label or annotation has a wrong value",
    todo: "Correct the value; switches are enabled, true, yes, disabled, false or no.",
  },
  "KUMA-WH-003": {
    title: "The pod's namespace is not known",
    todo: "Create the pod again in a moment: the webhook may not have seen a new namespace yet.",
  },
  "KUMA-WH-004": {
    title: "The mesh of a pod or resource does not exist",
    todo:
      "Create the Mesh, or correct its name: kuma.io/mesh of the pod, its namespace, the resource.",
  },
  "KUMA-WH-005": {
    title: "A container runs as the sidecar's user",
    todo: "Run it as another user: the traffic of the sidecar's user is never redirected.",
  },
  "KUMA-WH-006": {
    title: "The volume for the service-account token does not exist",
    todo: "Name a volume of the pod in kuma.io/service-account-token-volume.",
  },
  "KUMA-WH-007": {
    title: "A probe uses the port that is reserved for the sidecar",
    todo: "Move the probe, or choose another kuma.io/application-probe-proxy-port.",
  },
  "KUMA-WH-008": {
    title: "The ConfigMap of the transparent proxy cannot be used",
    todo: "Create the ConfigMap in the control plane's namespace with the key config.yaml.",
  },
  "KUMA-WH-010": {
    title: "An operation of a ContainerPatch can never work",
    todo: "Correct the operation: path is a JSON Pointer, value is JSON text.",
  },
  "KUMA-WH-011": {
    title: "A ContainerPatch does not exist",
    todo: "Create it in the control plane's namespace, or take it from the pod's list.",
  },
  "KUMA-WH-012": {
    title: "A ContainerPatch does not fit the container",
    todo: "Correct the path: replace and remove need something to be there, add does not.",
  },
  "KUMA-WH-013": {
    title: "A ContainerPatch makes the container invalid",
    todo: "Correct the value that the message names.",
  },
  "KUMA-WH-014": {
    title: "The API server's OpenAPI document lacks a type",
    todo: "Nothing: the schema that is shipped with the webhook is used.",
  },
  "KUMA-WH-015": {
    title: "The pod's own resources leave no room for the sidecar",
    todo:
      "Raise spec.resources.limits of the pod, or let kuma-sidecar request less with a ContainerPatch.",
  },
  "KUMA-WH-020": {
    title: "An admission request cannot be read",
    todo: "Send an AdmissionReview of admission.k8s.io/v1 as application/json.",
  },
  "KUMA-WH-021": {
    title: "The cluster cannot be reached with these credentials",
    todo: "Check KUBECONFIG, or the service account and its token inside the cluster.",
  },
  "KUMA-WH-022": {
    title: "The serving certificate cannot be used",
    todo: "Put tls.crt and tls.key, PEM, into the folder of admissionServer.certDir. With " +
      "--generate-certs, a Secret that the webhook did not make is left as it is: name another.",
  },
  "KUMA-WH-024": {
    title: "The webhook cannot listen on its address",
    todo: "Correct admissionServer.address and port, or end what uses that port.",
  },
  "KUMA-WH-025": {
    title: "The file with the tokens of API servers cannot be used",
    todo:
      "Put a token of at least 16 characters into it, one a line, and the same into the kubeConfigFile of the API server.",
  },
  "KUMA-WH-030": {
    title: "A flag of kuma-webhook manifests has a wrong value",
    todo: "Correct the flag or key that the message names; nothing was printed.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
