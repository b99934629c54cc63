/**
 * Elements of sets: from the values of rules to disjoint ranges in order, as an interval set takes them.
 *
 * @module
 */
import type { NumberRange } from "../../proxy/resolved.ts";
import { prefixBytes } from "../address.ts";
import type { NftElement, NftSetType } from "./model.ts";

/** Bytes of a key of each type. */
export const KEY_LENGTH: Readonly<Record<NftSetType, number>> = {
  port: 2,
  ipv4: 4,
  ipv6: 16,
  uid: 4,
};

/** Bytes in hexadecimal. */
export function hex(bytes: Uint8Array | readonly number[]): string {
  return (bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)).toHex();
}

/** A number as `bytes` big-endian bytes in hexadecimal. */
export function hexNumber(value: number | bigint, bytes: number): string {
  return value.toString(16).padStart(bytes * 2, "0");
}

/** The element for ports or UIDs. */
export function numberElement({ from, to }: NumberRange, bytes: number): NftElement {
  return { from: hexNumber(from, bytes), to: hexNumber(to, bytes) };
}

/** The element for an address or CIDR. Throws a `TypeError` for what is none; parsing has refused it before. */
export function addressElement(text: string): NftElement {
  const prefix = prefixBytes(text);
  if (prefix === undefined) throw new TypeError(`"${text}" is no address`);
  const { bytes, bits } = prefix;
  const last = bytes.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, bits - i * 8))));
  return { from: hex(bytes), to: hex(last) };
}

/**
 * The same values as disjoint elements in ascending order: the kernel refuses elements of an interval set
 * that overlap.
 */
export function disjoint(elements: readonly NftElement[]): NftElement[] {
  const sorted = [...elements].sort((a, b) => a.from < b.from ? -1 : a.from > b.from ? 1 : 0);
  const merged: NftElement[] = [];
  for (const element of sorted) {
    const last = merged.at(-1);
    if (last === undefined || element.from > (after(last.to) ?? last.to)) merged.push(element);
    else if (element.to > last.to) merged[merged.length - 1] = { from: last.from, to: element.to };
  }
  return merged;
}

/** The value that follows `value`; undefined behind the last one. */
export function after(value: string): string | undefined {
  const next = hexNumber(BigInt(`0x${value}`) + 1n, value.length / 2);
  return next.length > value.length ? undefined : next;
}
