/**
 * The variables that webhook and controller read. Kuma's control plane has several hundred more, which mean nothing here.
 *
 * @module
 */
import { SETTINGS } from "core/inject/settings/table.ts";
import { nearest } from "core/proxy/nearest.ts";

/** Those that the controller reads and the webhook does not; `build/variables_test.ts` holds them to its table. */
const CONTROLLERS: readonly string[] = [
  "KUMA_EXPERIMENTAL_KUBE_OUTBOUNDS_AS_VIPS",
  "KUMA_RUNTIME_KUBERNETES_CONTROLLERS_CONCURRENCY_POD_CONTROLLER",
  "KUMA_RUNTIME_KUBERNETES_CONTROLLER_DATAPLANES",
  "KUMA_RUNTIME_KUBERNETES_CONTROLLER_REPAIR",
  "KUMA_RUNTIME_KUBERNETES_CONTROLLER_REPAIRS_PER_MINUTE",
  "KUMA_RUNTIME_KUBERNETES_INJECTOR_IGNORED_SERVICE_SELECTOR_LABELS",
  "KUMA_RUNTIME_KUBERNETES_INJECTOR_NODE_LABELS_TO_COPY",
  "KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_LEASE_DURATION",
  "KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_RENEW_DEADLINE",
  "KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_CNI_APP",
  "KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_CNI_NAMESPACE",
  "KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED",
];

/** Names of all of them, sorted. */
export const PROGRAM_VARIABLES: readonly string[] = [
  ...new Set([...Object.values(SETTINGS).map(({ env }) => env), ...CONTROLLERS]),
].sort();

/**
 * What is to be said of a variable for webhook and controller that neither of them reads: as in Kuma it is no error, since
 * whoever comes from there has variables of its other parts. Undefined where nothing is to be said.
 */
export function variableWarning(name: string): string | undefined {
  if (!name.toUpperCase().startsWith("KUMA_") || PROGRAM_VARIABLES.includes(name)) return undefined;
  const guess = nearest(name, PROGRAM_VARIABLES, 0.12);
  return `controlPlane.envVars.${name} has no effect here: neither webhook nor controller reads it` +
    (guess === undefined ? "" : `; did you mean ${guess}?`);
}
