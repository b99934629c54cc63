/**
 * Every name that Kuma gives meaning to on Kubernetes objects, and every name in a pod that several
 * programs must agree on, once.
 *
 * @module
 */
import { ANNOTATION_TABLE, type AnnotationKey } from "./annotation_table.ts";

/** The names of the annotations, by what they say; {@linkcode ANNOTATION_TABLE} has the rest about each. */
export const ANNOTATIONS: {
  readonly [Key in AnnotationKey]: typeof ANNOTATION_TABLE[Key]["name"];
} = Object.fromEntries(
  Object.entries(ANNOTATION_TABLE).map(([key, { name }]) => [key, name]),
) as never;

/** Annotations that once had a meaning and have none now. */
export const REMOVED_ANNOTATIONS = [
  "kuma.io/sidecar-injection",
  "kuma.io/builtindns",
  "kuma.io/builtindnsport",
  "kuma.io/transparent-proxying-inbound-v6-port",
  "kuma.io/transparent-proxying-experimental-engine",
] as const;

/** Suffix of the annotation that names the protocol of a Service's port: `80.service.kuma.io/protocol`. */
export const SERVICE_PROTOCOL_SUFFIX = ".service.kuma.io/protocol";
/** Prefix of the annotations about aggregated metrics: `…aggregate-<app>-port`. */
export const PROMETHEUS_AGGREGATE_PREFIX = "prometheus.metrics.kuma.io/aggregate-";

/** Labels of pods, namespaces and Kuma's own objects. */
export const LABELS = {
  sidecarInjection: "kuma.io/sidecar-injection",
  mesh: "kuma.io/mesh",
  systemNamespace: "kuma.io/system-namespace",
  /** Which kind of control plane an object was made for: `zone` or `global`. */
  origin: "kuma.io/origin",
  zone: "kuma.io/zone",
  env: "kuma.io/env",
  namespace: "k8s.kuma.io/namespace",
  /** Ours, on pods whose kuma-validation found no interception, where the controller is told to label them. */
  uninitialized: "cni.kuma.io/uninitialized",
} as const;

/** Tags of a Dataplane. */
export const TAGS = {
  service: "kuma.io/service",
  protocol: "kuma.io/protocol",
  zone: "kuma.io/zone",
  /** The pod, where single ones are called by name: behind a headless Service, or behind none. */
  instance: "kuma.io/instance",
  namespace: "k8s.kuma.io/namespace",
  serviceName: "k8s.kuma.io/service-name",
  servicePort: "k8s.kuma.io/service-port",
} as const;

/** Containers that Kuma adds to a pod, or makes. */
export const CONTAINERS = {
  sidecar: "kuma-sidecar",
  init: "kuma-init",
  validation: "kuma-validation",
  /** Container of a builtin gateway, which is no sidecar. */
  gateway: "kuma-gateway",
} as const;

/** Environment variables of the sidecar and init containers. */
export const POD_ENV = {
  instanceIp: "INSTANCE_IP",
  podName: "POD_NAME",
  podNamespace: "POD_NAMESPACE",
  xtablesLockFile: "XTABLES_LOCKFILE",
  applicationProbeProxyPort: "KUMA_APPLICATION_PROBE_PROXY_PORT",
  controlPlaneCaCert: "KUMA_CONTROL_PLANE_CA_CERT",
  controlPlaneUrl: "KUMA_CONTROL_PLANE_URL",
  dataplaneDrainTime: "KUMA_DATAPLANE_DRAIN_TIME",
  dataplaneMesh: "KUMA_DATAPLANE_MESH",
  envoyComponentLogLevel: "KUMA_DATAPLANE_RUNTIME_ENVOY_COMPONENT_LOG_LEVEL",
  envoyLogLevel: "KUMA_DATAPLANE_RUNTIME_ENVOY_LOG_LEVEL",
  tokenPath: "KUMA_DATAPLANE_RUNTIME_TOKEN_PATH",
  dnsCoreDnsBinaryPath: "KUMA_DNS_CORE_DNS_BINARY_PATH",
  dnsCoreDnsPort: "KUMA_DNS_CORE_DNS_PORT",
  dnsEnabled: "KUMA_DNS_ENABLED",
  dnsEnableLogging: "KUMA_DNS_ENABLE_LOGGING",
  dnsEnvoyDnsPort: "KUMA_DNS_ENVOY_DNS_PORT",
} as const;
