/**
 * Exclusions of users' traffic, one rule for each range of ports and of users.
 *
 * @module
 */
import type { NumberRange, UidExclusion } from "core/proxy/resolved.ts";
import { LIMITS, UID_RULE } from "./layout.ts";
import type { Values } from "./struct.ts";

/** A rule as the programs read it. */
export type UidRule = Values<typeof UID_RULE.fields>;

const PROTOCOLS = { tcp: 6, udp: 17 } as const;
const HEAD = 8;

/** The rules of all exclusions; ranges of ports that touch become one. */
export function uidRules(exclusions: readonly UidExclusion[]): UidRule[] {
  return exclusions.flatMap(({ protocol, ports, uids }) =>
    joined(ports).map(({ from, to }) => ({
      uid_from: uids.from,
      uid_to: uids.to,
      port_from: from,
      port_to: to,
      protocol: PROTOCOLS[protocol],
    }))
  );
}

/** The value of `pod_uid_rules`: the count and room for as many rules as a pod may have. */
export function encodeUidRules(rules: readonly UidRule[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD + LIMITS.MAX_UID_RULES * UID_RULE.size);
  new DataView(bytes.buffer).setUint32(0, rules.length, true);
  rules.forEach((rule, i) => bytes.set(UID_RULE.encode(rule), HEAD + i * UID_RULE.size));
  return bytes;
}

/** The rules in a value of `pod_uid_rules`. */
export function decodeUidRules(bytes: Uint8Array): UidRule[] {
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return Array.from({ length: count }, (_, i) => UID_RULE.decode(bytes, HEAD + i * UID_RULE.size));
}

function joined(ranges: readonly NumberRange[]): NumberRange[] {
  const result: NumberRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last === undefined || range.from > last.to + 1) result.push(range);
    else result[result.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
  }
  return result;
}
