/**
 * Random packets that are likely to meet a rule: their values come from the configuration.
 *
 * @module
 */
import fc from "fast-check";
import type { FamilyFacts, ResolvedConfig } from "../../proxy/resolved.ts";
import { prefixBytes } from "../address.ts";
import { hex } from "../nft/elements.ts";
import { elementText } from "../nft/text.ts";
import type { Packet } from "../packet.ts";

/** Packets of the family of `facts`, in both hooks. */
export function anyPacket(config: ResolvedConfig, facts: FamilyFacts): fc.Arbitrary<Packet> {
  const { family } = facts;
  const near = (value: number, max: number): number[] =>
    [value - 1, value, value + 1].filter((one) => one >= 0 && one <= max);
  const ports = [
    ...[config.inbound, config.outbound].flatMap((traffic) => [
      ...traffic.includePorts,
      ...traffic.excludePorts,
      ...traffic.excludeUids.flatMap(({ ports }) => ports.flatMap(({ from, to }) => [from, to])),
      traffic.port,
    ]),
    config.dns.port,
    53,
    80,
  ].flatMap((port) => near(port, 65535));
  const uids = [
    config.uid,
    ...config.outbound.excludeUids.flatMap(({ uids: { from, to } }) => [from, to]),
    1000,
  ].flatMap((uid) => near(uid, 4294967294));
  const addresses = [
    ...config.inbound.excludeAddresses,
    ...config.outbound.excludeAddresses,
    ...config.vnets.map(({ cidr }) => cidr),
  ].filter((prefix) => prefix.family === family).flatMap(({ text }) => edges(text));
  const loopback = family === "ipv4" ? ["127.0.0.1", "127.0.0.6", "127.0.0.11"] : ["::1", "::6"];
  const anywhere = family === "ipv4" ? ["10.1.2.3", "192.0.2.1"] : ["fd00::1", "2001:db8::1"];
  const address = fc.constantFrom(...addresses, ...facts.dnsServers, ...loopback, ...anywhere);
  const port = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...ports, 1, 65535) },
    { weight: 2, arbitrary: fc.constant(53) },
    { weight: 1, arbitrary: fc.constant(config.dns.port) },
  );
  const uid = fc.oneof(fc.constant(config.uid), fc.constantFrom(...uids));
  const ifaces = config.vnets.flatMap(({ iface }) => {
    const name = iface.replace(/\+$/, "");
    return name === "" ? [] : [name, `${name}1`.slice(0, 15)];
  });
  return fc.record({
    family: fc.constant(family),
    hook: fc.constantFrom("prerouting" as const, "output" as const),
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    source: address,
    destination: address,
    sourcePort: port,
    destinationPort: port,
    iface: fc.constantFrom(facts.loopback, "eth0", ...ifaces),
    uid: fc.option(uid, { nil: undefined, freq: 8 }),
  }).map((packet) => packet.hook === "prerouting" ? { ...packet, uid: undefined } : packet);
}

/** First and last address of a prefix, and one beside each. */
function edges(text: string): string[] {
  const prefix = prefixBytes(text);
  if (prefix === undefined) return [];
  const { bytes, bits } = prefix;
  const first = BigInt(`0x${hex(bytes)}`);
  const size = 1n << BigInt(bytes.length * 8 - bits);
  const all = 1n << BigInt(bytes.length * 8);
  const type = bytes.length === 4 ? "ipv4" : "ipv6";
  return [first - 1n, first, first + size - 1n, first + size]
    .filter((one) => one >= 0n && one < all)
    .map((one) => one.toString(16).padStart(bytes.length * 2, "0"))
    .map((value) => elementText(type, { from: value, to: value }));
}
