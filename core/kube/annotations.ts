/**
 * Every name that Kuma gives meaning to on Kubernetes objects, and every name in a pod that several
 * programs must agree on, once.
 *
 * @module
 */

/** Annotations, by what they say. */
export const ANNOTATIONS = {
  /** The whole transparent-proxy configuration as YAML; written by the injector for CNI pods. */
  transparentProxyConfig: "traffic.kuma.io/transparent-proxy-config",
  transparentProxyConfigMapName: "traffic.kuma.io/transparent-proxy-configmap-name",
  excludeInboundPorts: "traffic.kuma.io/exclude-inbound-ports",
  excludeOutboundPorts: "traffic.kuma.io/exclude-outbound-ports",
  excludeInboundIps: "traffic.kuma.io/exclude-inbound-ips",
  excludeOutboundIps: "traffic.kuma.io/exclude-outbound-ips",
  excludeOutboundPortsForUids: "traffic.kuma.io/exclude-outbound-ports-for-uids",
  /** Older, for TCP only: `ports:uids`; the users' documentation still shows it. */
  excludeOutboundTcpPortsForUids: "traffic.kuma.io/exclude-outbound-tcp-ports-for-uids",
  /** Older, for UDP only. */
  excludeOutboundUdpPortsForUids: "traffic.kuma.io/exclude-outbound-udp-ports-for-uids",
  dropInvalidPackets: "traffic.kuma.io/drop-invalid-packets",
  iptablesLogs: "traffic.kuma.io/iptables-logs",

  transparentProxying: "kuma.io/transparent-proxying",
  transparentProxyingInboundPort: "kuma.io/transparent-proxying-inbound-port",
  transparentProxyingOutboundPort: "kuma.io/transparent-proxying-outbound-port",
  transparentProxyingIpFamilyMode: "kuma.io/transparent-proxying-ip-family-mode",
  transparentProxyingReachableServices: "kuma.io/transparent-proxying-reachable-services",
  transparentProxyingEbpf: "kuma.io/transparent-proxying-ebpf",
  transparentProxyingEbpfBpfFsPath: "kuma.io/transparent-proxying-ebpf-bpf-fs-path",
  transparentProxyingEbpfCgroupPath: "kuma.io/transparent-proxying-ebpf-cgroup-path",
  transparentProxyingEbpfTcAttachIface: "kuma.io/transparent-proxying-ebpf-tc-attach-iface",
  transparentProxyingEbpfProgramsSourcePath:
    "kuma.io/transparent-proxying-ebpf-programs-source-path",
  transparentProxyingEbpfInstanceIpEnvVarName:
    "kuma.io/transparent-proxying-ebpf-instance-ip-env-var-name",

  sidecarInjected: "kuma.io/sidecar-injected",
  sidecarUid: "kuma.io/sidecar-uid",
  sidecarEnvVars: "kuma.io/sidecar-env-vars",
  sidecarProxyConcurrency: "kuma.io/sidecar-proxy-concurrency",
  sidecarDrainTime: "kuma.io/sidecar-drain-time",
  containerPatches: "kuma.io/container-patches",
  initFirst: "kuma.io/init-first",
  waitForDataplaneReady: "kuma.io/wait-for-dataplane-ready",
  serviceAccountTokenVolume: "kuma.io/service-account-token-volume",
  envoyAdminPort: "kuma.io/envoy-admin-port",
  envoyLogLevel: "kuma.io/envoy-log-level",
  envoyComponentLogLevel: "kuma.io/envoy-component-log-level",
  builtinDns: "kuma.io/builtin-dns",
  builtinDnsPort: "kuma.io/builtin-dns-port",
  builtinDnsLogging: "kuma.io/builtin-dns-logging",
  virtualProbes: "kuma.io/virtual-probes",
  virtualProbesPort: "kuma.io/virtual-probes-port",
  applicationProbeProxyPort: "kuma.io/application-probe-proxy-port",

  /** On pods a delegated gateway; on Services `builtin` marks those the control plane made. */
  gateway: "kuma.io/gateway",
  ingress: "kuma.io/ingress",
  egress: "kuma.io/egress",
  ingressPublicAddress: "kuma.io/ingress-public-address",
  ingressPublicPort: "kuma.io/ingress-public-port",
  tags: "kuma.io/tags",
  directAccessServices: "kuma.io/direct-access-services",
  reachableBackends: "kuma.io/reachable-backends",
  prometheusPort: "prometheus.metrics.kuma.io/port",
  prometheusPath: "prometheus.metrics.kuma.io/path",
  /** On Services: leave it out when pods are matched. */
  ignore: "kuma.io/ignore",

  /** Deprecated as an annotation; the label of the same name is what counts. */
  mesh: "kuma.io/mesh",
  /** On Kuma's own objects: the name they have for people. */
  displayName: "kuma.io/display-name",
  /** Multus: the networks of a pod. */
  networks: "k8s.v1.cni.cncf.io/networks",
  /** The kubelet: the pod only shows a static pod of its node. */
  mirrorPod: "kubernetes.io/config.mirror",
  /** kubectl: the container that `logs` and `exec` take. */
  defaultContainer: "kubectl.kubernetes.io/default-container",
} as const;

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
