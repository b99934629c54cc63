/**
 * The variables that webhook and controller read. Kuma's control plane has several hundred more, which mean nothing here.
 *
 * @module
 */
import { nearest } from "core/proxy/nearest.ts";

/** Prefixes, and the rest of the names behind each; `build/variables_test.ts` holds them to the programs' tables. */
const NAMES: readonly (readonly [string, readonly string[]])[] = [
  ["KUMA_", [
    "BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT",
    "DP_SERVER_PORT",
    "EXPERIMENTAL_KUBE_OUTBOUNDS_AS_VIPS",
    "EXPERIMENTAL_SIDECAR_CONTAINERS",
    "INJECTOR_INIT_CONTAINER_IMAGE",
    "INJECTOR_SIDECAR_CONTAINER_RESOURCES_LIMITS_CPU",
    "INJECTOR_SIDECAR_CONTAINER_RESOURCES_LIMITS_MEMORY",
    "INJECTOR_SIDECAR_CONTAINER_RESOURCES_REQUESTS_CPU",
    "INJECTOR_SIDECAR_CONTAINER_RESOURCES_REQUESTS_MEMORY",
    "MODE",
    "MULTIZONE_ZONE_GLOBAL_ADDRESS",
    "MULTIZONE_ZONE_NAME",
    "STORE_KUBERNETES_SYSTEM_NAMESPACE",
    "STORE_UNSAFE_DELETE",
  ]],
  ["KUMA_RUNTIME_KUBERNETES_", [
    "ADMISSION_SERVER_ADDRESS",
    "ADMISSION_SERVER_CERT_DIR",
    "ADMISSION_SERVER_PORT",
    "ALLOWED_USERS",
    "APPLICATION_PROBE_PROXY_PORT",
    "CONTROLLERS_CONCURRENCY_POD_CONTROLLER",
    "CONTROLLER_DATAPLANES",
    "CONTROLLER_REPAIR",
    "CONTROLLER_REPAIRS_PER_MINUTE",
    "CONTROL_PLANE_SERVICE_NAME",
    "EXCEPTIONS_LABELS",
    "LEADER_ELECTION_LEASE_DURATION",
    "LEADER_ELECTION_RENEW_DEADLINE",
    "NODE_TAINT_CONTROLLER_CNI_APP",
    "NODE_TAINT_CONTROLLER_CNI_NAMESPACE",
    "NODE_TAINT_CONTROLLER_ENABLED",
    "SERVICE_ACCOUNT_NAME",
    "SIDECAR_TRAFFIC_EXCLUDE_INBOUND_IPS",
    "SIDECAR_TRAFFIC_EXCLUDE_INBOUND_PORTS",
    "SIDECAR_TRAFFIC_EXCLUDE_OUTBOUND_IPS",
    "SIDECAR_TRAFFIC_EXCLUDE_OUTBOUND_PORTS",
    "SKIP_MESH_OWNER_REFERENCE",
    "VIRTUAL_PROBES_ENABLED",
    "VIRTUAL_PROBES_PORT",
  ]],
  ["KUMA_RUNTIME_KUBERNETES_INJECTOR_", [
    "BUILTIN_DNS_ENABLED",
    "BUILTIN_DNS_LOGGING",
    "BUILTIN_DNS_PORT",
    "CA_CERT_FILE",
    "CNI_ENABLED",
    "CONTAINER_PATCHES",
    "CONTROL_PLANE_URL",
    "EBPF_BPFFS_PATH",
    "EBPF_CGROUP_PATH",
    "EBPF_ENABLED",
    "EBPF_INSTANCE_IP_ENV_VAR_NAME",
    "EBPF_PROGRAMS_SOURCE_PATH",
    "EBPF_TC_ATTACH_IFACE",
    "IGNORED_SERVICE_SELECTOR_LABELS",
    "NODE_LABELS_TO_COPY",
    "SIDECAR_INJECTION_ANNOTATION",
    "TRANSPARENT_PROXY_CONFIGMAP_NAME",
  ]],
  ["KUMA_RUNTIME_KUBERNETES_INJECTOR_SIDECAR_CONTAINER_", [
    "DRAIN_TIME",
    "ENV_VARS",
    "GUI",
    "IMAGE",
    "IP_FAMILY_MODE",
    "LIVENESS_PROBE_FAILURE_THRESHOLD",
    "LIVENESS_PROBE_INITIAL_DELAY_SECONDS",
    "LIVENESS_PROBE_PERIOD_SECONDS",
    "LIVENESS_PROBE_TIMEOUT_SECONDS",
    "READINESS_PROBE_FAILURE_THRESHOLD",
    "READINESS_PROBE_INITIAL_DELAY_SECONDS",
    "READINESS_PROBE_PERIOD_SECONDS",
    "READINESS_PROBE_SUCCESS_THRESHOLD",
    "READINESS_PROBE_TIMEOUT_SECONDS",
    "REDIRECT_PORT_INBOUND",
    "REDIRECT_PORT_OUTBOUND",
    "STARTUP_PROBE_FAILURE_THRESHOLD",
    "STARTUP_PROBE_INITIAL_DELAY_SECONDS",
    "STARTUP_PROBE_PERIOD_SECONDS",
    "STARTUP_PROBE_TIMEOUT_SECONDS",
    "UID",
    "WAIT_FOR_DATAPLANE_READY",
  ]],
];

/** Names of all of them, sorted. */
export const PROGRAM_VARIABLES: readonly string[] = NAMES.flatMap(([prefix, rest]) =>
  rest.map((name) => `${prefix}${name}`)
).sort();

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
