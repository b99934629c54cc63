/**
 * IP addresses and prefixes in one spelling, for comparison.
 *
 * @module
 */
import { decimal } from "core/grammar/numbers.ts";

/**
 * `text` (an address or CIDR) with its host bits at zero and its prefix length written out: `10.1.2.3/8`
 * becomes `10.0.0.0/8`, `::1` becomes eight groups and `/128`. What is none comes back as it is.
 */
export function canonicalAddress(text: string): string {
  const prefix = prefixBytes(text);
  if (prefix === undefined) return text;
  const { bytes, bits } = prefix;
  if (bytes.length === 4) return `${bytes.join(".")}/${bits}`;
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((bytes[i * 2] ?? 0) << 8 | (bytes[i * 2 + 1] ?? 0)).toString(16),
  );
  return `${groups.join(":")}/${bits}`;
}

/**
 * The bytes of an address or CIDR (4 or 16, host bits at zero) and its prefix length; undefined for what is none.
 *
 * Without regular expressions: to compile them costs a program that runs once more than all addresses of its rules.
 */
export function prefixBytes(
  text: string,
): { readonly bytes: readonly number[]; readonly bits: number } | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const bytes = address.includes(":") ? ipv6Bytes(address) : ipv4Bytes(address);
  if (bytes === undefined) return undefined;
  const all = bytes.length * 8;
  const bits = slash < 0 ? all : short(text.slice(slash + 1), all);
  if (bits === undefined) return undefined;
  for (let i = bits >> 3; i < bytes.length; i++) {
    bytes[i] = (bytes[i] ?? 0) & 0xff00 >> Math.min(8, Math.max(0, bits - i * 8));
  }
  return { bytes, bits };
}

/** One to three digits that mean at most `max`; undefined for any other text. */
function short(text: string, max: number): number | undefined {
  return text.length > 3 ? undefined : decimal(text, max);
}

/** One to four hexadecimal digits; -1 for any other text. */
function hexadecimal(text: string): number {
  const { length } = text;
  if (length === 0 || length > 4) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i), letter = (code | 0x20) - 87;
    const digit = code <= 57 ? code - 48 : letter < 10 ? -1 : letter;
    if (digit < 0 || digit > 15) return -1;
    value = value << 4 | digit;
  }
  return value;
}

function ipv4Bytes(text: string): number[] | undefined {
  const octets = text.split(".");
  if (octets.length !== 4) return undefined;
  const bytes: number[] = [];
  for (const octet of octets) {
    const byte = short(octet, 255);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes;
}

function ipv6Bytes(text: string): number[] | undefined {
  const gap = text.indexOf("::");
  if (gap < 0) {
    const bytes = groupBytes(text);
    return bytes?.length === 16 ? bytes : undefined;
  }
  const bytes = groupBytes(text.slice(0, gap)), after = groupBytes(text.slice(gap + 2));
  if (bytes === undefined || after === undefined) return undefined;
  const end = 16 - after.length;
  if (end - bytes.length < 2) return undefined;
  while (bytes.length < end) bytes.push(0);
  for (const byte of after) bytes.push(byte);
  return bytes;
}

/** Of the groups on one side of a `::`, or of all. */
function groupBytes(text: string): number[] | undefined {
  const bytes: number[] = [];
  if (text === "") return bytes;
  const groups = text.split(":");
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i] ?? "";
    const dotted = i === groups.length - 1 && group.includes(".") ? ipv4Bytes(group) : undefined;
    if (dotted !== undefined) {
      bytes.push(...dotted);
      continue;
    }
    const value = hexadecimal(group);
    if (value < 0) return undefined;
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}
