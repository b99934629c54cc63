/**
 * What commands that ask a cluster have in common on their command lines.
 *
 * @module
 */
import type { FlagDefinition } from "core/program/command.ts";

/** Which cluster, and as whom. */
export const KUBECONFIG_FLAG: FlagDefinition = {
  name: "kubeconfig",
  bool: false,
  placeholder: "path",
  path: true,
  help: "who asks which cluster; else KUBECONFIG, ~/.kube/config, or the pod's own account",
};
