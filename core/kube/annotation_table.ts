/**
 * Every annotation that Kuma gives meaning to, once: how it is written, whose word counts, and, for those that
 * say what traffic is redirected, what of the configuration they set, on the node as in the injector. Where the two
 * of Kuma 2.9 differ, a column of the table says how.
 *
 * @module
 */

import { FAMILY_ANNOTATION } from "./family_annotation.ts";

/** How a value is written. `core/proxy/annotation_kinds.ts` reads those that set anything. */
export type AnnotationKind =
  | "switch"
  /** A switch whose wrong values Kuma 2.9 takes for "off". */
  | "packet switch"
  /** A switch that may also say `provided`. */
  | "gateway"
  | "user"
  | "family"
  | "port"
  /** A port, or 0, which says as little as nothing. */
  | "port or default"
  /** A port, or 0, with which there is none. */
  | "port or none"
  | "ports"
  | "addresses"
  | "uids"
  | "tcp uids"
  | "udp uids"
  | "document"
  | "number"
  | "duration"
  | "text"
  | "list"
  | "pairs"
  | "json"
  | "yaml";

/**
 * Whose word counts: that of whoever makes the pod; the injector's, which overwrites it; the operator's settings,
 * the pod's being passed over with a warning; `elsewhere`: it stands on other objects, or is another program's.
 */
export type AnnotationAuthority = "pod" | "injector" | "operator" | "elsewhere";

/** One annotation. */
export interface Annotation {
  readonly name: string;
  readonly kind: AnnotationKind;
  readonly by: AnnotationAuthority;
  /**
   * Keys of the transparent-proxy configuration (`core/proxy/options.ts`); the last one's flag is what kuma-init gets.
   */
  readonly sets?: readonly string[];
  /** How: in place of what is there (absent), beside it, or the opposite of what it says. */
  readonly how?: "beside" | "opposite";
  /** What kuma-cni takes where the annotation is absent, other than the default of what it sets: Kuma 2.9's. */
  readonly onNode?: unknown;
  /** What the injector takes where it is absent: its setting of this name, else what `onNode` or the default says. */
  readonly setting?: string;
  /** What `explain` calls what the injector made of it; the annotation's own name where this is left out. */
  readonly option?: string;
  /** The injector hands its value on as an annotation of the pod. */
  readonly handedOn?: true;
}

/** The table, in the order in which kuma-init gets what they set. */
export const ANNOTATION_TABLE = {
  /** The whole configuration as YAML, for CNI pods; the other traffic annotations are not looked at then. */
  transparentProxyConfig: {
    name: "traffic.kuma.io/transparent-proxy-config",
    kind: "document",
    by: "injector",
  },
  transparentProxyConfigMapName: {
    name: "traffic.kuma.io/transparent-proxy-configmap-name",
    kind: "text",
    by: "pod",
  },
  sidecarUid: {
    name: "kuma.io/sidecar-uid",
    kind: "user",
    by: "injector",
    sets: ["kumaDPUser"],
    setting: "uid",
    option: "sidecar user",
  },
  /** Kuma's Dataplane has no `ipv6`, so the injector refuses what kuma-cni would do. */
  transparentProxyingIpFamilyMode: {
    name: FAMILY_ANNOTATION,
    kind: "family",
    by: "pod",
    sets: ["ipFamilyMode"],
    setting: "ipFamilyMode",
    option: "IP family mode",
  },
  transparentProxyingOutboundPort: {
    name: "kuma.io/transparent-proxying-outbound-port",
    kind: "port",
    by: "injector",
    sets: ["redirect.outbound.port"],
    setting: "redirectPortOutbound",
    option: "outbound port",
  },
  excludeOutboundPorts: {
    name: "traffic.kuma.io/exclude-outbound-ports",
    kind: "ports",
    by: "pod",
    sets: ["redirect.outbound.excludePorts"],
    onNode: [9901],
    setting: "excludeOutboundPorts",
    handedOn: true,
  },
  excludeOutboundIps: {
    name: "traffic.kuma.io/exclude-outbound-ips",
    kind: "addresses",
    by: "pod",
    sets: ["redirect.outbound.excludePortsForIPs"],
    setting: "excludeOutboundIps",
    handedOn: true,
  },
  excludeOutboundPortsForUids: {
    name: "traffic.kuma.io/exclude-outbound-ports-for-uids",
    kind: "uids",
    by: "pod",
    sets: ["redirect.outbound.excludePortsForUIDs"],
    how: "beside",
  },
  /** Older, for TCP only: `ports:uids`. Kuma 2.9 ignores it; the users' documentation still shows it. */
  excludeOutboundTcpPortsForUids: {
    name: "traffic.kuma.io/exclude-outbound-tcp-ports-for-uids",
    kind: "tcp uids",
    by: "pod",
    sets: ["redirect.outbound.excludePortsForUIDs"],
    how: "beside",
  },
  /** Older, for UDP only. */
  excludeOutboundUdpPortsForUids: {
    name: "traffic.kuma.io/exclude-outbound-udp-ports-for-uids",
    kind: "udp uids",
    by: "pod",
    sets: ["redirect.outbound.excludePortsForUIDs"],
    how: "beside",
  },
  /** On pods a delegated gateway, whose inbound traffic nothing else is said of; on Services `builtin`. */
  gateway: {
    name: "kuma.io/gateway",
    kind: "gateway",
    by: "pod",
    sets: ["redirect.inbound.enabled"],
    how: "opposite",
    option: "delegated gateway",
  },
  transparentProxyingInboundPort: {
    name: "kuma.io/transparent-proxying-inbound-port",
    kind: "port",
    by: "injector",
    sets: ["redirect.inbound.port"],
    setting: "redirectPortInbound",
    option: "inbound port",
  },
  excludeInboundPorts: {
    name: "traffic.kuma.io/exclude-inbound-ports",
    kind: "ports",
    by: "pod",
    sets: ["redirect.inbound.excludePorts"],
    onNode: [9901],
    setting: "excludeInboundPorts",
    handedOn: true,
  },
  applicationProbeProxyPort: {
    name: "kuma.io/application-probe-proxy-port",
    kind: "port or none",
    by: "pod",
    sets: ["redirect.inbound.excludePorts"],
    how: "beside",
    onNode: 9001,
    setting: "probeProxyPort",
    option: "application probe proxy port",
  },
  excludeInboundIps: {
    name: "traffic.kuma.io/exclude-inbound-ips",
    kind: "addresses",
    by: "pod",
    sets: ["redirect.inbound.excludePortsForIPs"],
    setting: "excludeInboundIps",
    handedOn: true,
  },
  builtinDns: {
    name: "kuma.io/builtin-dns",
    kind: "switch",
    by: "pod",
    sets: ["redirect.dns.enabled", "redirect.dns.captureAll"],
    setting: "builtinDns",
    option: "DNS",
  },
  builtinDnsPort: {
    name: "kuma.io/builtin-dns-port",
    kind: "port or default",
    by: "pod",
    sets: ["redirect.dns.port"],
    setting: "builtinDnsPort",
    option: "DNS port",
  },
  builtinDnsLogging: { ...pod("kuma.io/builtin-dns-logging", "switch"), option: "DNS logging" },
  transparentProxyingEbpf: {
    ...pod("kuma.io/transparent-proxying-ebpf", "switch"),
    option: "eBPF",
  },
  transparentProxyingEbpfBpfFsPath: operator("kuma.io/transparent-proxying-ebpf-bpf-fs-path"),
  transparentProxyingEbpfCgroupPath: operator("kuma.io/transparent-proxying-ebpf-cgroup-path"),
  transparentProxyingEbpfTcAttachIface: pod("kuma.io/transparent-proxying-ebpf-tc-attach-iface"),
  transparentProxyingEbpfProgramsSourcePath: operator(
    "kuma.io/transparent-proxying-ebpf-programs-source-path",
  ),
  transparentProxyingEbpfInstanceIpEnvVarName: pod(
    "kuma.io/transparent-proxying-ebpf-instance-ip-env-var-name",
  ),
  dropInvalidPackets: {
    name: "traffic.kuma.io/drop-invalid-packets",
    kind: "packet switch",
    by: "pod",
    sets: ["dropInvalidPackets"],
  },
  iptablesLogs: {
    name: "traffic.kuma.io/iptables-logs",
    kind: "packet switch",
    by: "pod",
    sets: ["log.enabled"],
  },

  transparentProxying: { ...pod("kuma.io/transparent-proxying", "switch"), by: "injector" },
  transparentProxyingReachableServices: pod(
    "kuma.io/transparent-proxying-reachable-services",
    "list",
  ),
  /** Exactly `true`: no other word of a switch makes a pod one of the mesh for kuma-cni. */
  sidecarInjected: { ...pod("kuma.io/sidecar-injected"), by: "injector" },
  sidecarEnvVars: pod("kuma.io/sidecar-env-vars", "pairs"),
  sidecarProxyConcurrency: pod("kuma.io/sidecar-proxy-concurrency", "number"),
  sidecarDrainTime: pod("kuma.io/sidecar-drain-time", "duration"),
  containerPatches: pod("kuma.io/container-patches", "list"),
  initFirst: pod("kuma.io/init-first", "switch"),
  waitForDataplaneReady: pod("kuma.io/wait-for-dataplane-ready", "switch"),
  serviceAccountTokenVolume: pod("kuma.io/service-account-token-volume"),
  envoyAdminPort: { ...pod("kuma.io/envoy-admin-port", "number"), option: "Envoy admin port" },
  envoyLogLevel: pod("kuma.io/envoy-log-level"),
  envoyComponentLogLevel: pod("kuma.io/envoy-component-log-level"),
  virtualProbes: { ...pod("kuma.io/virtual-probes", "switch"), option: "virtual probes" },
  virtualProbesPort: {
    ...pod("kuma.io/virtual-probes-port", "number"),
    option: "virtual probes port",
  },
  directAccessServices: pod("kuma.io/direct-access-services", "list"),
  reachableBackends: pod("kuma.io/reachable-backends", "yaml"),
  prometheusPort: pod("prometheus.metrics.kuma.io/port", "number"),
  prometheusPath: pod("prometheus.metrics.kuma.io/path"),
  ingress: elsewhere("kuma.io/ingress", "switch"),
  egress: elsewhere("kuma.io/egress", "switch"),
  ingressPublicAddress: elsewhere("kuma.io/ingress-public-address"),
  ingressPublicPort: elsewhere("kuma.io/ingress-public-port", "number"),
  /** Of the pod of a builtin gateway. */
  tags: elsewhere("kuma.io/tags", "json"),
  /** On Services: leave it out when pods are matched. */
  ignore: elsewhere("kuma.io/ignore", "switch"),
  /** Deprecated as an annotation; the label of the same name is what counts. */
  mesh: pod("kuma.io/mesh"),
  /** On Kuma's own objects: the name they have for people. */
  displayName: elsewhere("kuma.io/display-name"),
  /** Multus: the networks of a pod. */
  networks: { ...elsewhere("k8s.v1.cni.cncf.io/networks"), option: "CNI" },
  /** The kubelet: the pod only shows a static pod of its node. */
  mirrorPod: elsewhere("kubernetes.io/config.mirror"),
  /** kubectl: the container that `logs` and `exec` take. */
  defaultContainer: elsewhere("kubectl.kubernetes.io/default-container"),
} as const satisfies Readonly<Record<string, Annotation>>;

/** What the code calls an annotation. */
export type AnnotationKey = keyof typeof ANNOTATION_TABLE;

function pod<const Name extends string, const Kind extends AnnotationKind = "text">(
  name: Name,
  kind?: Kind,
) {
  return { name, kind: (kind ?? "text") as Kind, by: "pod" } as const;
}

function operator<const Name extends string>(name: Name) {
  return { name, kind: "text", by: "operator" } as const;
}

function elsewhere<const Name extends string, const Kind extends AnnotationKind = "text">(
  name: Name,
  kind?: Kind,
) {
  return { name, kind: (kind ?? "text") as Kind, by: "elsewhere" } as const;
}
