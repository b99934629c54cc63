/**
 * The one table of settings: key in the document, environment variables, flag, kind, help. The parser of
 * documents, the command line, help, completion and the documentation all come from it.
 *
 * @module
 */
import { defaultConfig, IPTABLES_EXECUTABLES } from "./config.ts";

/** What every environment variable of a setting starts with. */
export const ENV_PREFIX = "KUMA_TRANSPARENT_PROXY_";

/** How a setting is written and read; `kinds.ts` holds the readers. */
export type SettingKind =
  | "bool"
  | "uint"
  | "uint16"
  | "port"
  | "ports"
  | "text"
  | "texts"
  | "duration"
  | "family"
  | "chain"
  | "executables";

/** One setting. */
export interface Setting {
  /** Dotted path in the configuration; also its key in the document where `inDocument` says so. */
  readonly key: string;
  readonly kind: SettingKind;
  /** Whether the document may hold it; the others are set by environment or flag only. */
  readonly inDocument: boolean;
  /** Environment variable without {@linkcode ENV_PREFIX}. */
  readonly env?: string;
  /** Variable that is honoured as it is where the prefixed one is unset. */
  readonly bareEnv?: string;
  /** Flag without the dashes. */
  readonly flag?: string;
  /** Flags that write the same setting and are not shown in the help. */
  readonly hiddenFlags?: readonly string[];
  /** One line for help, completion and documentation. */
  readonly help: string;
}

type Direction = "inbound" | "outbound";

function traffic(direction: Direction): Setting[] {
  const inbound = direction === "inbound";
  const key = (name: string) => `redirect.${direction}.${name}`;
  const env = (name: string) => `REDIRECT_${direction.toUpperCase()}_${name}`;
  const field = inbound ? "redirectPortInbound" : "redirectPortOutbound";
  const document = { inDocument: true } as const;
  return [
    {
      ...document,
      key: key("enabled"),
      kind: "bool",
      env: env("ENABLED"),
      flag: `redirect-${direction}`,
      help: `redirect ${direction} TCP${inbound ? "; off for gateways" : ""}`,
    },
    {
      ...document,
      key: key("port"),
      kind: "port",
      env: env("PORT"),
      flag: `redirect-${direction}-port`,
      help: `port that ${direction} TCP is redirected to; must equal ${field} of the Dataplane`,
    },
    {
      ...document,
      key: key("includePorts"),
      kind: "ports",
      env: env("INCLUDE_PORTS"),
      flag: `include-${direction}-ports`,
      help: `redirect only these ${direction} ports (comma list); excluded ports are then ignored`,
    },
    {
      ...document,
      key: key("excludePorts"),
      kind: "ports",
      env: env("EXCLUDE_PORTS"),
      flag: `exclude-${direction}-ports`,
      help: `do not redirect these ${direction} ports (comma list)${
        inbound ? "; nothing is excluded by default, not even SSH" : ""
      }`,
    },
    {
      ...document,
      key: key("excludePortsForUIDs"),
      kind: "texts",
      env: env("EXCLUDE_PORTS_FOR_UIDS"),
      // EXCLUDE_PORTS_FOR_UIDS alone means both directions in Kuma 2.9, but input has no owner.
      ...(inbound ? {} : {
        bareEnv: "EXCLUDE_PORTS_FOR_UIDS",
        flag: "exclude-outbound-ports-for-uids",
      }),
      help: inbound
        ? "has no effect: incoming packets have no owner"
        : "do not redirect what these users send, '[[protocols:]ports:]uids' (repeatable)",
    },
    {
      ...document,
      key: key("excludePortsForIPs"),
      kind: "texts",
      env: env("EXCLUDE_PORTS_FOR_IPS"),
      bareEnv: "EXCLUDE_PORTS_FOR_IPS",
      flag: `exclude-${direction}-ips`,
      help: `do not redirect ${
        inbound ? "what comes from" : "what goes to"
      } these addresses or CIDRs (comma list, repeatable)`,
    },
    {
      ...document,
      key: key("insertRedirectInsteadOfAppend"),
      kind: "bool",
      env: env("INSERT_REDIRECT_INSTEAD_OF_APPEND"),
      flag: `redirect-${direction}-insert-instead-of-append`,
      help: `insert the jump at the head of ${inbound ? "PREROUTING" : "OUTPUT"}`,
    },
    {
      key: key("chainName"),
      kind: "chain",
      inDocument: false,
      env: env("CHAIN_NAME"),
      help: `suffix of the ${direction} chain's name after KUMA_MESH_`,
    },
    {
      key: key("redirectChainName"),
      kind: "chain",
      inDocument: false,
      env: env("REDIRECT_CHAIN_NAME"),
      help: `suffix of the ${direction} redirect chain's name after KUMA_MESH_`,
    },
  ];
}

const rest: readonly (Omit<Setting, "inDocument"> & { readonly inDocument?: false })[] = [
  {
    key: "redirect.dns.enabled",
    kind: "bool",
    env: "REDIRECT_DNS_ENABLED",
    flag: "redirect-dns",
    help: "redirect DNS that goes to the servers of resolv.conf",
  },
  {
    key: "redirect.dns.captureAll",
    kind: "bool",
    env: "REDIRECT_DNS_CAPTURE_ALL",
    flag: "redirect-all-dns-traffic",
    help: "redirect DNS to whichever server it goes",
  },
  {
    key: "redirect.dns.port",
    kind: "port",
    env: "REDIRECT_DNS_PORT",
    flag: "redirect-dns-port",
    help: "port that DNS is redirected to",
  },
  {
    key: "redirect.dns.skipConntrackZoneSplit",
    kind: "bool",
    env: "REDIRECT_DNS_SKIP_CONNTRACK_ZONE_SPLIT",
    flag: "skip-dns-conntrack-zone-split",
    help: "leave out the conntrack zones of DNS",
  },
  {
    key: "redirect.dns.resolvConfigPath",
    kind: "text",
    env: "REDIRECT_DNS_RESOLV_CONFIG_PATH",
    help: "where the DNS servers are read from",
  },
  {
    key: "redirect.vnet.networks",
    kind: "texts",
    env: "REDIRECT_VNET_NETWORKS",
    flag: "vnet",
    help: "also redirect what comes from a virtual network, 'IFACE:CIDR' (repeatable)",
  },
  {
    key: "kumaDPUser",
    kind: "text",
    env: "KUMA_DP_USER",
    bareEnv: "KUMA_DP_USER",
    flag: "kuma-dp-user",
    hiddenFlags: ["kuma-dp-uid"],
    help: "name or UID of the user that runs kuma-dp; else UID 5678 or user kuma-dp",
  },
  {
    key: "ipFamilyMode",
    kind: "family",
    env: "IP_FAMILY_MODE",
    bareEnv: "IP_FAMILY_MODE",
    flag: "ip-family-mode",
    help: "dualstack, ipv4 or ipv6",
  },
  {
    key: "dropInvalidPackets",
    kind: "bool",
    env: "DROP_INVALID_PACKETS",
    flag: "drop-invalid-packets",
    help: "drop packets that conntrack calls INVALID",
  },
  {
    key: "log.enabled",
    kind: "bool",
    env: "LOG_ENABLED",
    flag: "iptables-logs",
    help: "let the kernel log packets at the head of the nat chains",
  },
  {
    key: "log.level",
    kind: "uint16",
    env: "LOG_LEVEL",
    help: "syslog level of the LOG rules, 0 to 7",
  },
  {
    key: "comments.disabled",
    kind: "bool",
    env: "COMMENTS_DISABLED",
    flag: "disable-comments",
    help: "write rules without comments; a later clean-up then has only the chains' names to go by",
  },
  {
    key: "wait",
    kind: "uint",
    env: "WAIT",
    flag: "wait",
    help: "seconds to wait for the xtables lock (legacy iptables); 0: not at all",
  },
  {
    key: "waitInterval",
    kind: "uint",
    env: "WAIT_INTERVAL",
    flag: "wait-interval",
    help: "microseconds between attempts on the xtables lock",
  },
  {
    key: "retry.maxRetries",
    kind: "uint",
    env: "RETRY_MAX_RETRIES",
    flag: "max-retries",
    help: "tries after the first one",
  },
  {
    key: "retry.sleepBetweenRetries",
    kind: "duration",
    env: "RETRY_SLEEP_BETWEEN_RETRIES",
    flag: "sleep-between-retries",
    help: "pause between tries, such as 500ms or 2s",
  },
  {
    key: "iptablesExecutables",
    kind: "executables",
    inDocument: false,
    env: "IPTABLES_EXECUTABLES",
    bareEnv: "IPTABLES_EXECUTABLES",
    flag: "iptables-executables",
    help: "executables to use instead of detected ones, 'name:path[,name:path…]'",
  },
  ...IPTABLES_EXECUTABLES.map((name): Omit<Setting, "inDocument"> => ({
    key: `iptablesExecutables.${name}`,
    kind: "text",
    help: `path of ${name}`,
  })),
  {
    key: "storeFirewalld",
    kind: "bool",
    env: "STORE_FIREWALLD",
    flag: "store-firewalld",
    help: "also store the rules in firewalld's direct.xml, so that they survive a restart",
  },
  {
    key: "ebpf.enabled",
    kind: "bool",
    env: "EBPF_ENABLED",
    flag: "ebpf-enabled",
    help: "use eBPF instead of iptables (not in this build)",
  },
  {
    key: "ebpf.instanceIP",
    kind: "text",
    env: "EBPF_INSTANCE_IP",
    bareEnv: "INSTANCE_IP",
    flag: "ebpf-instance-ip",
    help: "address of this pod or host, needed by eBPF",
  },
  {
    key: "ebpf.instanceIPEnvVarName",
    kind: "text",
    env: "EBPF_INSTANCE_IP_ENV_VAR_NAME",
    bareEnv: "INSTANCE_IP_ENV_VAR_NAME",
    help: "environment variable that holds the instance IP",
  },
  {
    key: "ebpf.bpffsPath",
    kind: "text",
    env: "EBPF_BPFFS_PATH",
    bareEnv: "BPFFS_PATH",
    flag: "ebpf-bpffs-path",
    help: "where the BPF file system is mounted",
  },
  {
    key: "ebpf.cgroupPath",
    kind: "text",
    env: "EBPF_CGROUP_PATH",
    flag: "ebpf-cgroup-path",
    help: "where cgroup2 is mounted",
  },
  {
    key: "ebpf.programsSourcePath",
    kind: "text",
    env: "EBPF_PROGRAMS_SOURCE_PATH",
    flag: "ebpf-programs-source-path",
    help: "where the eBPF programs are",
  },
  {
    key: "ebpf.tcAttachIface",
    kind: "text",
    env: "EBPF_TC_ATTACH_IFACE",
    bareEnv: "TC_ATTACH_IFACE",
    flag: "ebpf-tc-attach-iface",
    help: "interface that the TC programs are attached to",
  },
  {
    key: "cniMode",
    kind: "bool",
    env: "CNI_MODE",
    bareEnv: "CNI_MODE",
    help: "called from the CNI plugin: the user is not looked up",
  },
  {
    key: "dryRun",
    kind: "bool",
    env: "DRY_RUN",
    flag: "dry-run",
    help: "print what would be done and change nothing",
  },
  {
    key: "verbose",
    kind: "bool",
    env: "VERBOSE",
    flag: "verbose",
    help: "long option names and headings in the rules, and more of what is done",
  },
];

/** Every setting, in the order of help and documentation. */
export const SETTINGS: readonly Setting[] = [
  ...traffic("inbound"),
  ...traffic("outbound"),
  ...rest.map((setting): Setting => ({ inDocument: true, ...setting })),
];

/** The default of a setting, as {@linkcode defaultConfig} has it; undefined for one executable's path. */
export function defaultOf(setting: Setting): unknown {
  return setting.key.split(".").reduce<unknown>(
    (at, name) =>
      typeof at === "object" && at !== null ? (at as Record<string, unknown>)[name] : undefined,
    defaultConfig(),
  );
}
