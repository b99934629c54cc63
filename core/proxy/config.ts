/**
 * The transparent-proxy configuration: one typed document, as Kuma 2.9 reads it from `--config-file`,
 * from the ConfigMap and from the annotation `traffic.kuma.io/transparent-proxy-config`.
 *
 * The document keeps lists of exclusions as text, as a person wrote them; `resolve.ts` parses them.
 *
 * @module
 */

/** Which IP families get rules. `ipv6` (only IPv6) is ours, Kuma 2.9 knows the other two. */
export type IpFamilyMode = "dualstack" | "ipv4" | "ipv6";

/** What the rules are written with: native nftables through netlink, or the host's iptables. Ours, not Kuma 2.9's. */
export type FirewallBackend = "auto" | "nftables" | "iptables";

/** One direction of traffic: what is redirected, to which port, and what is left alone. */
export interface TrafficConfig {
  /** Redirect TCP of this direction at all. */
  enabled: boolean;
  /** Where Envoy listens for this direction, 1 to 65535. */
  port: number;
  /** If not empty, only these destination ports are redirected and `excludePorts` is ignored. */
  includePorts: number[];
  /** Destination ports that are not redirected. */
  excludePorts: number[];
  /** `[[protocols:]ports:]uids`, one exclusion an element (outbound only: input has no owner). */
  excludePortsForUIDs: string[];
  /** IP addresses or CIDRs of either family: sources (inbound) or destinations (outbound). */
  excludePortsForIPs: string[];
  /** Insert the jump at the head of the built-in chain instead of appending it. */
  insertRedirectInsteadOfAppend: boolean;
  /** Suffix of the chain's name after `KUMA_MESH_`; settable by environment only. */
  chainName: string;
  /** Suffix of the redirect chain's name after `KUMA_MESH_`; settable by environment only. */
  redirectChainName: string;
}

/** Redirection of DNS to the sidecar's DNS proxy. */
export interface DnsConfig {
  enabled: boolean;
  /** Where the DNS proxy listens, 1 to 65535. */
  port: number;
  /** Redirect all of port 53, not only the servers of resolv.conf. */
  captureAll: boolean;
  /** Emit no conntrack zone rules. */
  skipConntrackZoneSplit: boolean;
  /** Where the servers are read from. */
  resolvConfigPath: string;
}

/** Settings of the eBPF mode. */
export interface EbpfConfig {
  enabled: boolean;
  instanceIP: string;
  instanceIPEnvVarName: string;
  bpffsPath: string;
  cgroupPath: string;
  programsSourcePath: string;
  tcAttachIface: string;
  /** Not Kuma's: use a firewall where the node cannot do eBPF, instead of failing. */
  fallback: boolean;
}

/** The six executables that a person may name instead of what is detected. */
export const IPTABLES_EXECUTABLES = [
  "iptables",
  "iptables-save",
  "iptables-restore",
  "ip6tables",
  "ip6tables-save",
  "ip6tables-restore",
] as const;

/** Name of one executable of the iptables family. */
export type IptablesExecutable = typeof IPTABLES_EXECUTABLES[number];

/** The whole document. Key names and nesting are those of Kuma 2.9. */
export interface TransparentProxyConfig {
  /** User name or UID that runs kuma-dp; empty means the default look-up. */
  kumaDPUser: string;
  ipFamilyMode: IpFamilyMode;
  redirect: {
    inbound: TrafficConfig;
    outbound: TrafficConfig;
    dns: DnsConfig;
    /** `IFACE:CIDR`, split at the first colon. */
    vnet: { networks: string[] };
  };
  ebpf: EbpfConfig;
  dropInvalidPackets: boolean;
  verbose: boolean;
  dryRun: boolean;
  /** LOG rules at the head of the nat chains. */
  log: { enabled: boolean; level: number };
  /** Seconds to wait for the xtables lock (legacy iptables). */
  wait: number;
  /** Microseconds between attempts on the lock. */
  waitInterval: number;
  retry: {
    /** Tries after the first. */
    maxRetries: number;
    /** Milliseconds between tries. */
    sleepBetweenRetries: number;
  };
  storeFirewalld: boolean;
  firewallBackend: FirewallBackend;
  iptablesExecutables: Partial<Record<IptablesExecutable, string>>;
  comments: { disabled: boolean };
  /** Called from the CNI plugin: the user is taken as is, iptables runs in the pod's netns. */
  cniMode: boolean;
}

/** UID and user name of kuma-dp where nothing else is said. */
export const DEFAULT_KUMA_DP_UID = 5678;
/** See {@linkcode DEFAULT_KUMA_DP_UID}. */
export const DEFAULT_KUMA_DP_USER = "kuma-dp";

/** Where the list of DNS servers is; resolv.conf(5). */
export const DEFAULT_RESOLV_CONF = "/etc/resolv.conf";

/** Where our eBPF programs are pinned where nothing else is said. */
export const DEFAULT_BPFFS_PATH = "/run/kuma/bpf";

/** Where Envoy and the DNS proxy listen where nothing else is said. */
export const DEFAULT_PORTS = { inbound: 15_006, outbound: 15_001, dns: 15_053 } as const;

/** The source that Envoy binds for inbound traffic that it passes through: what comes from it is not redirected. */
export const PASSTHROUGH_ADDRESSES = { ipv4: "127.0.0.6", ipv6: "::6" } as const;

/** A fresh document with the defaults of Kuma 2.9. */
export function defaultConfig(): TransparentProxyConfig {
  const traffic = (port: number, name: string): TrafficConfig => ({
    enabled: true,
    port,
    includePorts: [],
    excludePorts: [],
    excludePortsForUIDs: [],
    excludePortsForIPs: [],
    insertRedirectInsteadOfAppend: false,
    chainName: name,
    redirectChainName: `${name}_REDIRECT`,
  });
  return {
    kumaDPUser: "",
    ipFamilyMode: "dualstack",
    redirect: {
      inbound: traffic(DEFAULT_PORTS.inbound, "INBOUND"),
      outbound: traffic(DEFAULT_PORTS.outbound, "OUTBOUND"),
      dns: {
        enabled: false,
        port: DEFAULT_PORTS.dns,
        captureAll: false,
        skipConntrackZoneSplit: false,
        resolvConfigPath: DEFAULT_RESOLV_CONF,
      },
      vnet: { networks: [] },
    },
    ebpf: {
      enabled: false,
      instanceIP: "",
      instanceIPEnvVarName: "",
      bpffsPath: DEFAULT_BPFFS_PATH,
      cgroupPath: "/sys/fs/cgroup",
      programsSourcePath: "/tmp/kuma-ebpf",
      tcAttachIface: "",
      fallback: false,
    },
    dropInvalidPackets: false,
    verbose: false,
    dryRun: false,
    log: { enabled: false, level: 7 },
    wait: 5,
    waitInterval: 0,
    retry: { maxRetries: 4, sleepBetweenRetries: 2000 },
    storeFirewalld: false,
    firewallBackend: "auto",
    iptablesExecutables: {},
    comments: { disabled: false },
    cniMode: false,
  };
}
