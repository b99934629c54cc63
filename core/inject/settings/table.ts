/**
 * Every setting of the webhook, once: its place in the control plane's YAML document, its environment
 * variable, kind and default. Documentation, `explain` and the loader read this table.
 *
 * @module
 */
import { DEFAULT_KUMA_DP_UID, DEFAULT_PORTS } from "core/proxy/config.ts";
import {
  ADDRESSES,
  COUNT,
  DURATION,
  ID,
  IMAGE,
  integer,
  type Kind,
  MAP,
  NAMES,
  oneOf,
  PORT,
  PORTS,
  QUANTITY,
  SERVER_URL,
  SWITCH,
  TEXT,
} from "core/settings/kinds.ts";
import { RESOURCE_SETTINGS } from "./resource_settings.ts";
import { at, type Setting } from "core/settings/setting.ts";

const INJECTOR = "KUMA_RUNTIME_KUBERNETES_INJECTOR";
const RUNTIME = "KUMA_RUNTIME_KUBERNETES";

/** A setting below `runtime.kubernetes.injector`. */
function injector<T>(key: string, env: string, kind: Kind<T>, initial: T): Setting<T> {
  return at(`runtime.kubernetes.injector.${key}`, env, kind, initial);
}

/** A number of one of the sidecar's probes. Startup probes may have any number, as in Kuma. */
function probe(name: "readiness" | "liveness" | "startup", field: string, initial: number) {
  const words = field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  const env = `${INJECTOR}_SIDECAR_CONTAINER_${name.toUpperCase()}_PROBE_${words}`;
  const kind = name === "startup" ? integer(0, 2_147_483_647) : COUNT;
  return injector(`sidecarContainer.${name}Probe.${field}`, env, kind, initial);
}

const family = oneOf("dualstack", "ipv4", "");

/** The table. Its keys are the names that the code uses. */
export const SETTINGS = {
  ...RESOURCE_SETTINGS,
  mode: at("mode", "KUMA_MODE", oneOf("zone", "global"), "zone"),
  systemNamespace: at(
    "store.kubernetes.systemNamespace",
    "KUMA_STORE_KUBERNETES_SYSTEM_NAMESPACE",
    TEXT,
    "kuma-system",
  ),
  dpServerPort: at("dpServer.port", "KUMA_DP_SERVER_PORT", PORT, 5678),
  adminPort: at(
    "bootstrapServer.params.adminPort",
    "KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT",
    PORT,
    9901,
  ),
  nativeSidecars: at(
    "experimental.sidecarContainers",
    "KUMA_EXPERIMENTAL_SIDECAR_CONTAINERS",
    SWITCH,
    false,
  ),
  serverAddress: at(
    "runtime.kubernetes.admissionServer.address",
    `${RUNTIME}_ADMISSION_SERVER_ADDRESS`,
    TEXT,
    "",
  ),
  serverPort: at(
    "runtime.kubernetes.admissionServer.port",
    `${RUNTIME}_ADMISSION_SERVER_PORT`,
    PORT,
    5443,
  ),
  certDir: at(
    "runtime.kubernetes.admissionServer.certDir",
    `${RUNTIME}_ADMISSION_SERVER_CERT_DIR`,
    TEXT,
    "",
  ),
  controlPlaneServiceName: at(
    "runtime.kubernetes.controlPlaneServiceName",
    `${RUNTIME}_CONTROL_PLANE_SERVICE_NAME`,
    TEXT,
    "kuma-control-plane",
  ),
  /** Ours: the control plane that sidecars ask, where it is not a Service of the system namespace. */
  controlPlaneUrl: injector("controlPlaneUrl", `${INJECTOR}_CONTROL_PLANE_URL`, SERVER_URL, ""),
  cniEnabled: injector("cniEnabled", `${INJECTOR}_CNI_ENABLED`, SWITCH, false),
  /** Ours: the annotation form of kuma.io/sidecar-injection, which Kuma 2.9 dropped. */
  injectionAnnotation: injector(
    "sidecarInjectionAnnotation",
    `${INJECTOR}_SIDECAR_INJECTION_ANNOTATION`,
    SWITCH,
    false,
  ),
  exceptionLabels: injector(
    "exceptions.labels",
    `${RUNTIME}_EXCEPTIONS_LABELS`,
    MAP,
    { "openshift.io/build.name": "*", "openshift.io/deployer-pod-for.name": "*" },
  ),
  virtualProbes: injector(
    "virtualProbesEnabled",
    `${RUNTIME}_VIRTUAL_PROBES_ENABLED`,
    SWITCH,
    true,
  ),
  virtualProbesPort: injector("virtualProbesPort", `${RUNTIME}_VIRTUAL_PROBES_PORT`, PORT, 9000),
  probeProxyPort: injector(
    "applicationProbeProxyPort",
    `${RUNTIME}_APPLICATION_PROBE_PROXY_PORT`,
    PORT,
    9001,
  ),
  caCertFile: injector("caCertFile", `${INJECTOR}_CA_CERT_FILE`, TEXT, ""),
  sidecarImage: injector(
    "sidecarContainer.image",
    `${INJECTOR}_SIDECAR_CONTAINER_IMAGE`,
    IMAGE,
    "kuma/kuma-dp:latest",
  ),
  uid: injector(
    "sidecarContainer.uid",
    `${INJECTOR}_SIDECAR_CONTAINER_UID`,
    ID,
    DEFAULT_KUMA_DP_UID,
  ),
  // The variable is spelled GUI in every release of Kuma.
  gid: injector(
    "sidecarContainer.gid",
    `${INJECTOR}_SIDECAR_CONTAINER_GUI`,
    ID,
    DEFAULT_KUMA_DP_UID,
  ),
  redirectPortInbound: injector(
    "sidecarContainer.redirectPortInbound",
    `${INJECTOR}_SIDECAR_CONTAINER_REDIRECT_PORT_INBOUND`,
    PORT,
    DEFAULT_PORTS.inbound,
  ),
  redirectPortOutbound: injector(
    "sidecarContainer.redirectPortOutbound",
    `${INJECTOR}_SIDECAR_CONTAINER_REDIRECT_PORT_OUTBOUND`,
    PORT,
    DEFAULT_PORTS.outbound,
  ),
  ipFamilyMode: injector(
    "sidecarContainer.ipFamilyMode",
    `${INJECTOR}_SIDECAR_CONTAINER_IP_FAMILY_MODE`,
    family,
    "dualstack",
  ),
  drainTime: injector(
    "sidecarContainer.drainTime",
    `${INJECTOR}_SIDECAR_CONTAINER_DRAIN_TIME`,
    DURATION,
    "30s",
  ),
  waitForDataplaneReady: injector(
    "sidecarContainer.waitForDataplaneReady",
    `${INJECTOR}_SIDECAR_CONTAINER_WAIT_FOR_DATAPLANE_READY`,
    SWITCH,
    false,
  ),
  sidecarEnvVars: injector(
    "sidecarContainer.envVars",
    `${INJECTOR}_SIDECAR_CONTAINER_ENV_VARS`,
    MAP,
    {},
  ),
  readinessInitialDelay: probe("readiness", "initialDelaySeconds", 1),
  readinessTimeout: probe("readiness", "timeoutSeconds", 3),
  readinessPeriod: probe("readiness", "periodSeconds", 5),
  readinessSuccess: probe("readiness", "successThreshold", 1),
  readinessFailure: probe("readiness", "failureThreshold", 12),
  livenessInitialDelay: probe("liveness", "initialDelaySeconds", 60),
  livenessTimeout: probe("liveness", "timeoutSeconds", 3),
  livenessPeriod: probe("liveness", "periodSeconds", 5),
  livenessFailure: probe("liveness", "failureThreshold", 12),
  startupInitialDelay: probe("startup", "initialDelaySeconds", 1),
  startupTimeout: probe("startup", "timeoutSeconds", 3),
  startupPeriod: probe("startup", "periodSeconds", 5),
  startupFailure: probe("startup", "failureThreshold", 12),
  requestCpu: injector(
    "sidecarContainer.resources.requests.cpu",
    "KUMA_INJECTOR_SIDECAR_CONTAINER_RESOURCES_REQUESTS_CPU",
    QUANTITY,
    "50m",
  ),
  requestMemory: injector(
    "sidecarContainer.resources.requests.memory",
    "KUMA_INJECTOR_SIDECAR_CONTAINER_RESOURCES_REQUESTS_MEMORY",
    QUANTITY,
    "64Mi",
  ),
  limitCpu: injector(
    "sidecarContainer.resources.limits.cpu",
    "KUMA_INJECTOR_SIDECAR_CONTAINER_RESOURCES_LIMITS_CPU",
    QUANTITY,
    "1000m",
  ),
  limitMemory: injector(
    "sidecarContainer.resources.limits.memory",
    "KUMA_INJECTOR_SIDECAR_CONTAINER_RESOURCES_LIMITS_MEMORY",
    QUANTITY,
    "512Mi",
  ),
  initImage: injector(
    "initContainer.image",
    "KUMA_INJECTOR_INIT_CONTAINER_IMAGE",
    IMAGE,
    "kuma/kuma-init:latest",
  ),
  containerPatches: injector("containerPatches", `${INJECTOR}_CONTAINER_PATCHES`, NAMES, []),
  excludeInboundPorts: injector(
    "sidecarTraffic.excludeInboundPorts",
    `${RUNTIME}_SIDECAR_TRAFFIC_EXCLUDE_INBOUND_PORTS`,
    PORTS,
    [],
  ),
  excludeOutboundPorts: injector(
    "sidecarTraffic.excludeOutboundPorts",
    `${RUNTIME}_SIDECAR_TRAFFIC_EXCLUDE_OUTBOUND_PORTS`,
    PORTS,
    [],
  ),
  excludeInboundIps: injector(
    "sidecarTraffic.excludeInboundIPs",
    `${RUNTIME}_SIDECAR_TRAFFIC_EXCLUDE_INBOUND_IPS`,
    ADDRESSES,
    [],
  ),
  excludeOutboundIps: injector(
    "sidecarTraffic.excludeOutboundIPs",
    `${RUNTIME}_SIDECAR_TRAFFIC_EXCLUDE_OUTBOUND_IPS`,
    ADDRESSES,
    [],
  ),
  builtinDns: injector("builtinDNS.enabled", `${INJECTOR}_BUILTIN_DNS_ENABLED`, SWITCH, true),
  builtinDnsPort: injector(
    "builtinDNS.port",
    `${INJECTOR}_BUILTIN_DNS_PORT`,
    PORT,
    DEFAULT_PORTS.dns,
  ),
  builtinDnsLogging: injector(
    "builtinDNS.logging",
    `${INJECTOR}_BUILTIN_DNS_LOGGING`,
    SWITCH,
    false,
  ),
  ebpf: injector("ebpf.enabled", `${INJECTOR}_EBPF_ENABLED`, SWITCH, false),
  ebpfInstanceIpVariable: injector(
    "ebpf.instanceIPEnvVarName",
    `${INJECTOR}_EBPF_INSTANCE_IP_ENV_VAR_NAME`,
    TEXT,
    "INSTANCE_IP",
  ),
  ebpfBpffsPath: injector("ebpf.bpffsPath", `${INJECTOR}_EBPF_BPFFS_PATH`, TEXT, "/sys/fs/bpf"),
  ebpfCgroupPath: injector(
    "ebpf.cgroupPath",
    `${INJECTOR}_EBPF_CGROUP_PATH`,
    TEXT,
    "/sys/fs/cgroup",
  ),
  ebpfTcAttachIface: injector("ebpf.tcAttachIface", `${INJECTOR}_EBPF_TC_ATTACH_IFACE`, TEXT, ""),
  ebpfProgramsSourcePath: injector(
    "ebpf.programsSourcePath",
    `${INJECTOR}_EBPF_PROGRAMS_SOURCE_PATH`,
    TEXT,
    "/tmp/kuma-ebpf",
  ),
  configMapName: injector(
    "transparentProxyConfigMap",
    `${INJECTOR}_TRANSPARENT_PROXY_CONFIGMAP_NAME`,
    TEXT,
    "",
  ),
} as const;

/** Name of a setting in the code. */
export type SettingName = keyof typeof SETTINGS;

/** The values in force. */
export type Settings = {
  readonly [Name in SettingName]: typeof SETTINGS[Name] extends Setting<infer T> ? T : never;
};
