/**
 * Every `KUMA-INS-…` code: what it means and what to do. `kumactl explain` prints it.
 *
 * @module
 */
import type { CodeText } from "./tp_codes.ts";

/** The codes of CNI config files and of the installer. */
export const INS_CODES = {
  "KUMA-INS-001": {
    title: "A CNI config file is empty, damaged or too large",
    todo:
      "Usually the cluster's CNI is just writing it, and the installer waits. If it stays so, mend " +
      "the file, or delete it and let the cluster's CNI write it again.",
  },
  "KUMA-INS-002": {
    title: "A CNI config file is no config list",
    todo: 'A .conflist needs a key "plugins" that is an array of objects.',
  },
  "KUMA-INS-003": {
    title: "A single-plugin CNI config file has no type",
    todo:
      'A .conf or .json file needs a key "type"; a file with "plugins" must be called .conflist.',
  },
  "KUMA-INS-010": {
    title: "An environment variable of the installer has a bad value",
    todo: "Mend the variable that the message names; 'install-cni --help' lists all of them.",
  },
  "KUMA-INS-011": {
    title: "CNI_NETWORK_CONFIG is not an entry of a CNI chain",
    todo: 'It must be a JSON object whose "type" is "kuma-cni".',
  },
  "KUMA-INS-012": {
    title: "The API server's address is not known",
    todo:
      "kubelet sets KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT; set them yourself outside a pod.",
  },
  "KUMA-INS-020": {
    title: "The plugin could not be copied to the host",
    todo:
      "Check that the host's bin dir is mounted, writable and has 120 MB left; on OpenShift the " +
      "container needs containerSecurityContext.privileged=true.",
  },
  "KUMA-INS-021": {
    title: "The plugin does not run on this host",
    todo:
      "The CNI chain was not touched. Check cni.binDir, the processor architecture of the image, and " +
      "whether the bin dir's file system is mounted noexec.",
  },
  "KUMA-INS-030": {
    title: "The installer cannot keep its notes in the net dir",
    todo: "Check that the host's net dir is mounted and writable.",
  },
  "KUMA-INS-031": {
    title: "The config file belongs to another CNI plugin",
    todo: "Choose another cni.confName, or set cni.chained=true to chain to that plugin.",
  },
  "KUMA-INS-032": {
    title: "A file could not be swapped with its new version",
    todo: "Check the file system of the net dir: space, read-only, immutable files.",
  },
  "KUMA-INS-040": {
    title: "The service account's token or CA cannot be read",
    todo: "The pod needs a service account with automountServiceAccountToken.",
  },
  "KUMA-INS-041": {
    title: "The API server refused or did not answer",
    todo:
      "Check the ClusterRole of the CNI's service account and the network policy of its namespace.",
  },
  "KUMA-INS-050": {
    title: "The installer cannot listen on its HTTP port",
    todo: "Choose another CNI_HTTP_PORT.",
  },
  "KUMA-INS-060": {
    title: "The command line of install-cni is wrong",
    todo: "Run 'install-cni --help'.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
