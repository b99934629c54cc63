/**
 * The configuration after every text in it was parsed, and the facts of the host that decide the rules:
 * together all that the rule builder looks at.
 *
 * @module
 */
import type { IpFamilyMode } from "./config.ts";

/** One IP family; rules are built, applied and compared for each on its own. */
export type Family = "ipv4" | "ipv6";

/** The families in the order in which they are applied and printed. */
export const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];

/** Ports or UIDs from `from` to `to`, both included; a single value has both equal. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** An address or CIDR: already checked, with the text as it was typed (trimmed). */
export interface IpPrefix {
  readonly family: Family;
  readonly text: string;
}

/** One protocol's exclusion for the owners of outgoing traffic. */
export interface UidExclusion {
  readonly protocol: "tcp" | "udp";
  readonly ports: readonly NumberRange[];
  readonly uids: NumberRange;
}

/** Packets that arrive on `iface` (exact name, or prefix ending in `+`) and do not stay in `cidr`. */
export interface VirtualNetwork {
  readonly iface: string;
  readonly cidr: IpPrefix;
}

/** One direction, parsed. */
export interface ResolvedTraffic {
  readonly enabled: boolean;
  readonly port: number;
  readonly includePorts: readonly number[];
  readonly excludePorts: readonly number[];
  /** Always empty for inbound. */
  readonly excludeUids: readonly UidExclusion[];
  readonly excludeAddresses: readonly IpPrefix[];
  readonly insertJump: boolean;
  /** Full names, `KUMA_MESH_INBOUND` and so on. */
  readonly chain: string;
  readonly redirectChain: string;
}

/** What the rules must do, with nothing left to parse. */
export interface ResolvedConfig {
  /** UID of the kuma-dp process, 0 to 4294967294. */
  readonly uid: number;
  readonly ipFamilyMode: IpFamilyMode;
  readonly inbound: ResolvedTraffic;
  readonly outbound: ResolvedTraffic;
  readonly dns: {
    /** Already true where `captureAll` was asked for on the command line. */
    readonly enabled: boolean;
    readonly port: number;
    readonly captureAll: boolean;
    /** False where the configuration skips it; the host's facts decide too. */
    readonly zoneSplit: boolean;
    readonly resolvConfigPath: string;
  };
  readonly vnets: readonly VirtualNetwork[];
  readonly dropInvalidPackets: boolean;
  /** Level of the LOG rules, absent for none. */
  readonly logLevel: number | undefined;
  readonly comments: boolean;
}

/** What the host can do and has, for one family; found by `core/host`, given as is in tests. */
export interface FamilyFacts {
  readonly family: Family;
  /** Name of the loopback interface, normally `lo`. */
  readonly loopback: string;
  /** Servers of this family in resolv.conf, in order; empty switches DNS redirection off unless all is captured. */
  readonly dnsServers: readonly string[];
  /** The `comment` match works. */
  readonly comments: boolean;
  /** Tables nat and raw, and the matches conntrack, udp and owner, all work. */
  readonly conntrackZones: boolean;
  /** The mangle table works. */
  readonly mangle: boolean;
  /** The nat table holds a chain `DOCKER_OUTPUT`. */
  readonly dockerOutput: boolean;
}
