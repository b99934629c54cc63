/**
 * Random documents and packets for the two machines of `packet_lab.ts`, and how a person does the same by
 * hand.
 *
 * @module
 */
import fc from "fast-check";
import { defaultConfig, type TransparentProxyConfig } from "core/proxy/config.ts";
import { resolveConfig } from "core/proxy/resolve.ts";
import { FAMILIES, type Family, type FamilyFacts } from "core/proxy/resolved.ts";
import { buildRuleset } from "core/rules/build.ts";
import { type ExplainedPacket, explainPacket } from "core/rules/explain.ts";
import type { Ruleset } from "core/rules/model.ts";
import type { Packet } from "core/rules/packet.ts";
import { ADDRESSES, PORTS } from "./packet_lab.ts";

const SIDECAR = 5678;
const UIDS = [0, 1000, 1000, 1001, 1005, SIDECAR, SIDECAR + 1, 4294967294];
const PREFIXES = [
  "10.50.0.0/16",
  "10.50.1.1",
  "10.32.0.0/11",
  "10.50.1.0/30",
  "fd10:1::/32",
  "fd10:1::1",
  "fd10::/17",
];
const EXCLUSIONS = [
  "tcp:80:1000",
  "tcp:80,443:1001-1005",
  "udp:53:1000",
  "*:22-100:1001",
  "1005",
  "tcp:8080:4294967294",
  "*:*:1000-1001",
];
const SERVERS: Record<Family, readonly string[]> = {
  ipv4: ["10.50.53.53", "10.60.53.53"],
  ipv6: ["fd10:1::53"],
};
/** Addresses of the client, on both sides of each prefix's edges. */
const ELSEWHERE: Record<Family, readonly string[]> = {
  ipv4: [
    "10.50.1.1",
    "10.50.1.3",
    "10.50.1.4",
    "10.51.0.0",
    "10.32.0.1",
    "10.31.255.255",
    ...SERVERS.ipv4,
  ],
  ipv6: ["fd10:1::1", "fd10:1::2", "fd10:2::1", "fd10:8000::1", ...SERVERS.ipv6],
};

/** The text of resolv.conf that the rules are made for. */
export const RESOLV_CONF = Object.values(SERVERS).flat().map((one) => `nameserver ${one}\n`).join(
  "",
);

const some = <T>(all: readonly T[]) => fc.subarray([...all], { maxLength: 4 });
const rarely = <T>(usual: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

function traffic(direction: "inbound" | "outbound", ports: readonly number[]) {
  const defaults = defaultConfig().redirect[direction];
  return fc.record({
    enabled: rarely(true, fc.constant(false)),
    port: fc.constantFrom(...ports),
    includePorts: rarely<number[]>([], some(PORTS)),
    excludePorts: some(PORTS),
    excludePortsForUIDs: direction === "inbound" ? fc.constant<string[]>([]) : some(EXCLUSIONS),
    excludePortsForIPs: some(PREFIXES),
    insertRedirectInsteadOfAppend: fc.boolean(),
  }).map((changes) => ({ ...defaults, ...changes }));
}

/** Any configuration, as the document that a person writes. */
export const anyDocument: fc.Arbitrary<TransparentProxyConfig> = fc.record({
  inbound: traffic("inbound", [15006, 15016]),
  outbound: traffic("outbound", [15001, 15011]),
  dns: fc.record({
    enabled: fc.boolean(),
    captureAll: fc.boolean(),
    port: fc.constantFrom(15053, 15063),
    skipConntrackZoneSplit: rarely(false, fc.constant(true)),
  }),
  networks: rarely<string[]>(
    [],
    some(["eth0:192.0.2.0/25", "eth+:10.0.0.0/8", "docker0:10.0.0.0/8", "eth0:2001:db8::/33"]),
  ),
  ipFamilyMode: rarely<TransparentProxyConfig["ipFamilyMode"]>(
    "dualstack",
    fc.constantFrom("ipv4", "ipv6"),
  ),
  dropInvalidPackets: rarely(false, fc.constant(true)),
  logs: rarely(false, fc.constant(true)),
  disabled: rarely(false, fc.constant(true)),
}).map(({ inbound, outbound, dns, networks, logs, disabled, ...rest }) => {
  const defaults = defaultConfig();
  return {
    ...defaults,
    ...rest,
    kumaDPUser: String(SIDECAR),
    log: { ...defaults.log, enabled: logs },
    comments: { disabled },
    redirect: { inbound, outbound, dns: { ...defaults.redirect.dns, ...dns }, vnet: { networks } },
  };
});

/**
 * What `kumactl explain packet` says of a packet under a document, comments or not: what the kernel is held against.
 * A family without rules leaves alone whatever is sent.
 */
export function explanationOf(document: TransparentProxyConfig, packet: Packet): ExplainedPacket {
  const ruleset = commentedRulesets(document).find(({ family }) => family === packet.family);
  return explainPacket(ruleset ?? { family: packet.family, tables: [] }, packet);
}

/** The rules of a document, each with its comment. */
export function commentedRulesets(document: TransparentProxyConfig): Ruleset[] {
  return rulesetsOf({ ...document, comments: { disabled: false } });
}

/** The rules of a document on the host of `packet_lab.ts`. */
export function rulesetsOf(document: TransparentProxyConfig): Ruleset[] {
  const config = resolveConfig(document, SIDECAR);
  const facts = (family: Family): FamilyFacts => ({
    family,
    loopback: "lo",
    dnsServers: SERVERS[family],
    comments: true,
    conntrackZones: true,
    mangle: true,
    dockerOutput: false,
  });
  return FAMILIES.filter((family) =>
    config.ipFamilyMode === "dualstack" || config.ipFamilyMode === family
  )
    .map((family) => buildRuleset(config, facts(family)));
}

const port = fc.oneof(fc.constantFrom(...PORTS), fc.constant(53), fc.constant(80));
const protocol = fc.constantFrom("tcp" as const, "tcp" as const, "udp" as const);

/** Any packet that one of the machines can send, and that arrives somewhere. */
export const anyPacket: fc.Arbitrary<Packet> = fc.constantFrom(...FAMILIES).chain((family) => {
  const { host, localhost, passthrough, client } = ADDRESSES;
  const away = fc.constantFrom(...ELSEWHERE[family])
    .map((destination) => ({ destination, source: host[family], iface: "eth0" }));
  const own = fc.constantFrom(
    { destination: host[family], source: host[family] },
    { destination: localhost[family], source: localhost[family] },
    { destination: host[family], source: passthrough[family] },
    { destination: host[family], source: localhost[family] },
  ).map((ends) => ({ ...ends, iface: "lo" }));
  const output = fc.record({
    ends: fc.oneof(away, own),
    uid: fc.constantFrom(...UIDS),
    port,
    protocol,
  })
    .map(({ ends, uid, port, protocol }): Packet => ({
      ...{ family, hook: "output", protocol, ...ends, sourcePort: 0, destinationPort: port, uid },
    }));
  const prerouting = fc.record({
    source: fc.constantFrom(client[family], ...ELSEWHERE[family]),
    port,
    protocol,
  })
    .map(({ source, port, protocol }): Packet => ({
      ...{ family, hook: "prerouting", protocol, source, destination: host[family], iface: "eth0" },
      ...{ sourcePort: 0, destinationPort: port, uid: undefined },
    }));
  return fc.oneof({ weight: 2, arbitrary: output }, { weight: 1, arbitrary: prerouting });
});

/** How a person sees a counterexample: what to install, and what to send. */
export function commandLine(
  backend: string,
  document: TransparentProxyConfig,
  packet: Packet,
): string {
  const { redirect, ipFamilyMode, dropInvalidPackets, log, comments } = document;
  const text = JSON.stringify(
    { redirect, ipFamilyMode, dropInvalidPackets, log, comments },
    (key, value) =>
      // Chains have no key in the document.
      /ChainName$|^chainName$/.test(key) ? undefined : value,
  );
  const choice = backend === "nftables"
    ? ["--firewall-backend nftables"]
    : ["--firewall-backend iptables"];
  const { hook, protocol, source, destination, destinationPort, uid, family } = packet;
  const who = hook === "output" ? `as user ${uid} on the host` : "on the client";
  const send = `socat - ${protocol.toUpperCase()}${family === "ipv4" ? 4 : 6}:` +
    `${family === "ipv4" ? destination : `[${destination}]`}:${destinationPort},bind=${
      family === "ipv4" ? source : `[${source}]`
    }`;
  return `kumactl install transparent-proxy ${
    choice.join(" ")
  } --kuma-dp-user ${SIDECAR} --config '${text}' ` +
    `(iptables-${backend}; resolv.conf: ${
      RESOLV_CONF.trim().replaceAll("\n", ", ")
    })\n  then, ${who}: ${send}`;
}
