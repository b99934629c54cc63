/**
 * Addresses of either family in 16 bytes, IPv4 as ::ffff:a.b.c.d, as the maps have them.
 *
 * @module
 */
import { prefixBytes } from "core/rules/address.ts";

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** A prefix of the 128 bits. */
export interface Prefix {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** No address at all. */
export const UNSPECIFIED: Uint8Array = new Uint8Array(16);

/**
 * An address or CIDR of either family; host bits become zero.
 *
 * @throws {TypeError} where the text is neither
 */
export function mappedPrefix(text: string): Prefix {
  const prefix = prefixBytes(text);
  if (prefix === undefined) throw new TypeError(`"${text}" is neither an IP address nor a CIDR`);
  if (prefix.bytes.length === 16) return { ...prefix, bytes: Uint8Array.from(prefix.bytes) };
  return { bytes: Uint8Array.from([...MAPPED, ...prefix.bytes]), bits: 96 + prefix.bits };
}

/**
 * The 16 bytes of an address.
 *
 * @throws {TypeError} where the text is none
 */
export function mappedAddress(text: string): Uint8Array {
  const { bytes, bits } = mappedPrefix(text);
  if (bits !== 128) throw new TypeError(`"${text}" is not one IP address`);
  return bytes;
}

/** The usual text of 16 bytes: dotted for IPv4, RFC 5952's for IPv6. */
export function addressText(bytes: Uint8Array): string {
  if (MAPPED.every((byte, i) => bytes[i] === byte)) return bytes.subarray(12).join(".");
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((bytes[2 * i] ?? 0) << 8 | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  // The first longest run of at least two zero groups is written "::".
  let start = 0, length = 1;
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && groups[to] === "0") to++;
    if (to - from > length) [start, length] = [from, to - from];
  }
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

/** Whether every address of `inner` is one of `outer`. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.bits > inner.bits) return false;
  for (let bit = 0; bit < outer.bits; bit++) {
    const mask = 0x80 >> bit % 8, byte = bit >> 3;
    if (((outer.bytes[byte] ?? 0) & mask) !== ((inner.bytes[byte] ?? 0) & mask)) return false;
  }
  return true;
}
