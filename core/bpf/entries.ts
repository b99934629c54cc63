/**
 * From a pod's configuration to the entries of the maps that the BPF programs look into. Pure: the loader writes what
 * this gives, and compares what is there with it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { FAMILIES, type Family, type ResolvedConfig } from "core/proxy/resolved.ts";
import {
  addressText,
  contains,
  mappedAddress,
  mappedPrefix,
  type Prefix,
  UNSPECIFIED,
} from "./address.ts";
import {
  ADDRESS_FIXED_BITS,
  ADDRESS_FLAGS,
  LIMITS,
  POD,
  POD_ADDRESS,
  POD_FLAGS,
  POD_GENERATION,
  POD_PORT,
  PORT_FLAGS,
} from "./layout.ts";
import type { Values } from "./struct.ts";
import { encodeUidRules, uidRules } from "./uid_rules.ts";

/** What the entries depend on beside the configuration. */
export interface PodFacts {
  /** Cookie of the network namespace (SO_NETNS_COOKIE). */
  readonly netns: bigint;
  /** A number that no entry of this pod has yet; all with another one are ignored once `pod` is written. */
  readonly generation: number;
  /** UID of the sidecar as the host's user namespace numbers it. */
  readonly sidecarUid: number;
  /** Every address of the namespace, of loopback too; without prefix lengths. */
  readonly addresses: readonly string[];
  /** Servers of resolv.conf; not looked at where all DNS is captured. */
  readonly dnsServers: readonly string[];
  /** Packets can pass through the namespace: it forwards, and has more than one interface. */
  readonly forwards: boolean;
  /** Bit `1 << verdict`: report these. */
  readonly eventMask: number;
  /** Join the sockets of application and proxy. */
  readonly accelerate: boolean;
}

/** One entry of a map. */
export interface MapEntry {
  readonly key: Uint8Array<ArrayBuffer>;
  readonly value: Uint8Array<ArrayBuffer>;
}

/** A pod's entries by map. The one of `pods` is written last: it puts the others in force, all at once. */
export interface PodEntries {
  readonly pod_ports: readonly MapEntry[];
  readonly pod_addresses: readonly MapEntry[];
  readonly pod_uid_rules: readonly MapEntry[];
  readonly pods: MapEntry;
}

/**
 * The entries of one pod.
 *
 * @throws {KumaError} `KUMA-BPF-001` where there are more rules for users than the programs look at
 * @throws {TypeError} where an address of the facts is none
 */
export function podEntries(config: ResolvedConfig, facts: PodFacts): PodEntries {
  const { netns, generation } = facts;
  const rules = uidRules(config.outbound.excludeUids);
  if (rules.length > LIMITS.MAX_UID_RULES) {
    throw new KumaError(
      "KUMA-BPF-001",
      `${rules.length} exclusions of ports for users are more than the ${LIMITS.MAX_UID_RULES} ` +
        "that the eBPF programs look at",
      { hint: "write neighbouring ports as ranges, or use iptables" },
    );
  }
  const owner = POD_GENERATION.encode({ netns, generation, zero: 0 });
  return {
    pod_ports: ports(config).map(([port, flags]) => ({
      key: POD_PORT.encode({ netns, generation, port }),
      value: number32(flags),
    })),
    pod_addresses: addresses(config, facts).map(({ bytes, bits, flags }) => ({
      key: POD_ADDRESS.encode({
        prefix_bits: ADDRESS_FIXED_BITS + bits,
        generation,
        netns,
        address: bytes,
      }),
      value: number32(flags),
    })),
    pod_uid_rules: rules.length === 0 ? [] : [{ key: owner, value: encodeUidRules(rules) }],
    pods: { key: cookieKey(netns), value: POD.encode(pod(config, facts)) },
  };
}

/** The key of `pods` and `pod_counters`. */
export function cookieKey(netns: bigint): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BigUint64Array.of(netns).buffer);
}

/** What a configuration asks for that eBPF has no way to do, in words. */
export function unsupported(config: ResolvedConfig): string[] {
  const { vnets, dropInvalidPackets, logLevel, inbound, outbound } = config;
  return [
    ...(vnets.length > 0 ? ["virtual networks: their packets have no socket here"] : []),
    ...(dropInvalidPackets ? ["dropping invalid packets: that is netfilter's"] : []),
    ...(logLevel !== undefined ? ["iptables' LOG rules: ask for events instead"] : []),
    ...(inbound.insertJump || outbound.insertJump
      ? ["an order among iptables rules: there are none, and ours decide first"]
      : []),
  ];
}

function pod(config: ResolvedConfig, facts: PodFacts): Values<typeof POD.fields> {
  const { inbound, outbound, dns, ipFamilyMode } = config;
  const on = (family: Family) => ipFamilyMode === "dualstack" || ipFamilyMode === family;
  const dnsOn = (family: Family) =>
    dns.enabled && (dns.captureAll || servers(config, facts, family).length > 0);
  const source4 = source(facts.addresses, "ipv4"), source6 = source(facts.addresses, "ipv6");
  const listed = addresses(config, facts);
  const of = (family: Family) => listed.filter((one) => one.family === family);
  const flags: Record<keyof typeof POD_FLAGS, boolean> = {
    POD_INBOUND: inbound.enabled,
    POD_OUTBOUND: outbound.enabled,
    POD_IPV4: on("ipv4"),
    POD_IPV6: on("ipv6"),
    POD_DNS4: dnsOn("ipv4"),
    POD_DNS6: dnsOn("ipv6"),
    POD_DNS_ALL: dns.captureAll,
    POD_INBOUND_PORTS: inbound.excludePorts.length > 0,
    POD_OUTBOUND_PORTS: outbound.excludePorts.length > 0,
    POD_INBOUND_INCLUDES: inbound.includePorts.length > 0,
    POD_OUTBOUND_INCLUDES: outbound.includePorts.length > 0,
    POD_UID_RULES: outbound.excludeUids.length > 0,
    POD_ACCELERATE: facts.accelerate,
    POD_FORWARDS: facts.forwards,
    POD_ADDRESSES4: tellsMore(of("ipv4"), source4),
    POD_ADDRESSES6: tellsMore(of("ipv6"), source6),
  };
  return {
    flags: Object.entries(flags).reduce(
      (sum, [name, set]) => sum | (set ? POD_FLAGS[name as keyof typeof POD_FLAGS] : 0),
      0,
    ),
    generation: facts.generation,
    sidecar_uid: facts.sidecarUid,
    event_mask: facts.eventMask,
    inbound_port: inbound.port,
    outbound_port: outbound.port,
    dns_port: dns.port,
    zero: 0,
    source4,
    source6,
  };
}

/**
 * The address that the namespace's connections come from where there is but one; none where routes would have to
 * choose among several, and the proxy then sees 127.0.0.1 or ::1.
 */
function source(addresses: readonly string[], family: Family): Uint8Array {
  const usable = addresses.filter((address) =>
    familyOf(address) === family && !/^(127\.|169\.254\.|::[16]$|fe[89ab])/i.test(address)
  );
  return usable.length === 1 && usable[0] !== undefined ? mappedAddress(usable[0]) : UNSPECIFIED;
}

/** Flags by port; of a direction that has included ports, the excluded ones do not matter. */
function ports({ inbound, outbound }: ResolvedConfig): [number, number][] {
  const flags = new Map<number, number>();
  const set = (list: readonly number[], flag: number) => {
    for (const port of list) flags.set(port, (flags.get(port) ?? 0) | flag);
  };
  set(inbound.excludePorts, PORT_FLAGS.PORT_INBOUND_EXCLUDED);
  set(inbound.includePorts, PORT_FLAGS.PORT_INBOUND_INCLUDED);
  set(outbound.excludePorts, PORT_FLAGS.PORT_OUTBOUND_EXCLUDED);
  set(outbound.includePorts, PORT_FLAGS.PORT_OUTBOUND_INCLUDED);
  return [...flags];
}

interface Listed extends Prefix {
  readonly family: Family;
  readonly flags: number;
}

/** Flags by prefix. The longest alone is found, so each has those of the shorter ones around it, too. */
function addresses(config: ResolvedConfig, facts: PodFacts): Listed[] {
  const list = (texts: readonly string[], flags: number): Listed[] =>
    texts.map((text) => ({ ...mappedPrefix(text), family: familyOf(text), flags }));
  const listed = [
    ...list(
      config.outbound.excludeAddresses.map(({ text }) => text),
      ADDRESS_FLAGS.ADDRESS_OUTBOUND_EXCLUDED,
    ),
    ...list(
      config.inbound.excludeAddresses.map(({ text }) => text),
      ADDRESS_FLAGS.ADDRESS_INBOUND_EXCLUDED,
    ),
    ...list(facts.addresses, ADDRESS_FLAGS.ADDRESS_OWN),
    ...FAMILIES.flatMap((family) =>
      list(servers(config, facts, family), ADDRESS_FLAGS.ADDRESS_DNS_SERVER)
    ),
    // Nothing of itself: it keeps a short prefix of IPv6, such as ::/0, from being found for IPv4.
    ...list(["0.0.0.0/0"], 0),
  ];
  const found = new Map<string, Listed>();
  for (const prefix of listed) {
    const around = listed.filter((other) =>
      other.family === prefix.family && contains(other, prefix)
    );
    const flags = around.reduce((sum, other) => sum | other.flags, 0);
    found.set(`${prefix.bytes.join()}/${prefix.bits}`, { ...prefix, flags });
  }
  return [...found.values()];
}

/** Whether the programs must look into the list: it tells more than that loopback and the source are own. */
function tellsMore(listed: readonly Listed[], source: Uint8Array): boolean {
  return listed.some(({ bytes, bits, flags }) => {
    const ordinary = bits === 128 && flags === ADDRESS_FLAGS.ADDRESS_OWN;
    const text = addressText(bytes);
    const expected = text === addressText(source) || /^(127\.|::[16]$)/.test(text);
    return flags !== 0 && !(ordinary && expected);
  });
}

function servers({ dns }: ResolvedConfig, facts: PodFacts, family: Family): string[] {
  if (!dns.enabled || dns.captureAll) return [];
  return facts.dnsServers.filter((server) => familyOf(server) === family);
}

function familyOf(address: string): Family {
  return address.includes(":") ? "ipv6" : "ipv4";
}

function number32(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
