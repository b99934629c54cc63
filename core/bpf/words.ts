/**
 * The entries of the maps in words, for people.
 *
 * @module
 */
import { addressText } from "./address.ts";
import {
  ADDRESS_FIXED_BITS,
  ADDRESS_FLAGS,
  type POD,
  POD_ADDRESS,
  POD_FLAGS,
  POD_PORT,
  PORT_FLAGS,
  VERDICTS,
} from "./layout.ts";
import { verdictWord } from "./counters.ts";
import type { Values } from "./struct.ts";
import { decodeUidRules } from "./uid_rules.ts";

/** A value of `pods`, decoded. */
export type PodValue = Values<typeof POD.fields>;

/** A pod's entries as they are read from the maps, of all generations. */
export interface FoundEntries {
  readonly ports: readonly (readonly [key: Uint8Array, flags: number])[];
  readonly addresses: readonly (readonly [key: Uint8Array, flags: number])[];
  readonly uidRules: Uint8Array | undefined;
}

const TCP = 6;

/** What a pod's entries say, a line each. */
export function podWords(pod: PodValue, entries: FoundEntries): string[] {
  const on = (flag: keyof typeof POD_FLAGS) => (pod.flags & POD_FLAGS[flag]) !== 0;
  const families = [on("POD_IPV4") ? "IPv4" : "", on("POD_IPV6") ? "IPv6" : ""].filter(Boolean);
  const dns = [on("POD_DNS4") ? "IPv4" : "", on("POD_DNS6") ? "IPv6" : ""].filter(Boolean);
  const whose = on("POD_DNS_ALL") ? "any server" : "listed servers";
  return [
    `families: ${families.join(", ") || "none"}`,
    `inbound: ${on("POD_INBOUND") ? `to port ${pod.inbound_port}` : "off"}`,
    `outbound: ${on("POD_OUTBOUND") ? `to port ${pod.outbound_port}` : "off"}`,
    `DNS: ${dns.length > 0 ? `${dns.join(", ")} to port ${pod.dns_port}, ${whose}` : "off"}`,
    `sidecar: user ${pod.sidecar_uid}`,
    ...portWords(pod, entries),
    ...addressWords(pod, entries),
    ...uidWords(entries.uidRules),
    ...(on("POD_ACCELERATE") ? ["sockets of application and sidecar are joined"] : []),
    ...(pod.event_mask === 0 ? [] : [`events: ${maskWords(pod.event_mask).join(", ")}`]),
  ];
}

/** The words of a mask of verdicts, as `verdictWord` has them. */
export function maskWords(mask: number): string[] {
  return Object.values(VERDICTS).filter((verdict) => (mask & (1 << verdict)) !== 0)
    .flatMap((verdict) => verdictWord(verdict) ?? []);
}

/** The mask that asks for these verdicts, `all` for each of them; undefined where a word is none. */
export function maskOf(words: readonly string[]): number | undefined {
  let mask = 0;
  for (const word of words) {
    const asked = Object.values(VERDICTS)
      .filter((verdict) => word === "all" || word === verdictWord(verdict));
    if (asked.length === 0) return undefined;
    for (const verdict of asked) mask |= 1 << verdict;
  }
  return mask;
}

function portWords(pod: PodValue, { ports }: FoundEntries): string[] {
  const kinds: readonly [string, number][] = [
    ["inbound ports left alone", PORT_FLAGS.PORT_INBOUND_EXCLUDED],
    ["inbound ports, these alone", PORT_FLAGS.PORT_INBOUND_INCLUDED],
    ["outbound ports left alone", PORT_FLAGS.PORT_OUTBOUND_EXCLUDED],
    ["outbound ports, these alone", PORT_FLAGS.PORT_OUTBOUND_INCLUDED],
  ];
  const current = ports.map(([key, flags]) => ({ ...POD_PORT.decode(key), flags }))
    .filter(({ generation }) => generation === pod.generation);
  return kinds.flatMap(([words, flag]) => {
    const found = current.filter(({ flags }) => (flags & flag) !== 0).map(({ port }) => port);
    return found.length === 0 ? [] : [`${words}: ${ranges(found.sort((a, b) => a - b))}`];
  });
}

function addressWords(pod: PodValue, { addresses }: FoundEntries): string[] {
  const kinds: readonly [string, number][] = [
    ["own addresses", ADDRESS_FLAGS.ADDRESS_OWN],
    ["DNS servers", ADDRESS_FLAGS.ADDRESS_DNS_SERVER],
    ["destinations left alone", ADDRESS_FLAGS.ADDRESS_OUTBOUND_EXCLUDED],
    ["sources left alone", ADDRESS_FLAGS.ADDRESS_INBOUND_EXCLUDED],
  ];
  const current = addresses.map(([key, flags]) => ({ ...POD_ADDRESS.decode(key), flags }))
    .filter(({ generation }) => generation === pod.generation);
  return kinds.flatMap(([words, flag]) => {
    const found = current.filter(({ flags }) => (flags & flag) !== 0)
      .map(({ address, prefix_bits }) => prefixText(address, prefix_bits - ADDRESS_FIXED_BITS));
    return found.length === 0 ? [] : [`${words}: ${found.sort().join(", ")}`];
  });
}

function prefixText(address: Uint8Array, bits: number): string {
  const text = addressText(address);
  const size = text.includes(":") ? 128 : 32, left = text.includes(":") ? bits : bits - 96;
  return left === size ? text : `${text}/${left}`;
}

function uidWords(value: Uint8Array | undefined): string[] {
  if (value === undefined) return [];
  return decodeUidRules(value).map((rule) => {
    const protocol = rule.protocol === TCP ? "TCP" : "UDP";
    const users = rule.uid_from === rule.uid_to ? "user" : "users";
    return `left alone: ${protocol} to ports ${range(rule.port_from, rule.port_to)} of ${users} ` +
      range(rule.uid_from, rule.uid_to);
  });
}

function ranges(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => range(from, to)).join(", ");
}

function range(from: number, to: number): string {
  return from === to ? `${from}` : `${from}-${to}`;
}
