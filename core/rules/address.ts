/**
 * IP addresses and prefixes in one spelling, for comparison.
 *
 * @module
 */

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

/** The bytes of an address or CIDR (4 or 16, host bits at zero) and its prefix length; undefined for what is none. */
export function prefixBytes(
  text: string,
): { readonly bytes: readonly number[]; readonly bits: number } | undefined {
  const [address = "", length] = text.split("/");
  const bytes = address.includes(":") ? ipv6Bytes(address) : ipv4Bytes(address);
  if (bytes === undefined) return undefined;
  const all = bytes.length * 8;
  const bits = length === undefined ? all : /^[0-9]+$/.test(length) ? Number(length) : all + 1;
  if (bits > all) return undefined;
  const mask = (i: number): number => 0xff00 >> Math.min(8, Math.max(0, bits - i * 8)) & 0xff;
  return { bytes: bytes.map((byte, i) => byte & mask(i)), bits };
}

function ipv4Bytes(text: string): number[] | undefined {
  const octets = text.split(".");
  const valid = octets.length === 4 &&
    octets.every((octet) => /^[0-9]{1,3}$/.test(octet) && Number(octet) < 256);
  return valid ? octets.map(Number) : undefined;
}

function ipv6Bytes(text: string): number[] | undefined {
  const halves = text.split("::");
  const [head = "", tail] = halves;
  if (halves.length > 2) return undefined;
  const before = groupBytes(head);
  const after = groupBytes(tail ?? "");
  if (before === undefined || after === undefined) return undefined;
  const missing = 16 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

function groupBytes(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    const dotted = i === groups.length - 1 ? ipv4Bytes(group) : undefined;
    if (dotted !== undefined) bytes.push(...dotted);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
}
