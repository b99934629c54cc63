/**
 * Netlink's attributes, read from bytes (linux/netlink.h). Netlink itself is in the machine's byte order (little
 * endian on amd64 and arm64), nf_tables' own numbers are in big endian.
 *
 * @module
 */

/** Bytes of a message or an attribute. */
export type Bytes = Uint8Array<ArrayBuffer>;

const decoder = new TextDecoder();
/** Bytes of the head of an attribute. */
const HEAD = 4;
/** The attributes of a message or of a nested attribute, in order. Throws a `RangeError` for bytes cut short. */
export function decodeAttributes(bytes: Bytes): { readonly type: number; readonly value: Bytes }[] {
  const found: { type: number; value: Bytes }[] = [];
  for (let at = 0; at + HEAD <= bytes.length;) {
    const end = at + lengthAt(bytes, at);
    found.push({ type: typeAt(bytes, at), value: part(bytes, at + HEAD, end) });
    at = align(end);
  }
  return found;
}

/** {@linkcode decodeAttributes} by type. */
export function attributesOf(bytes: Bytes): Map<number, Bytes> {
  const found = new Map<number, Bytes>();
  for (let at = 0; at + HEAD <= bytes.length;) {
    const end = at + lengthAt(bytes, at);
    found.set(typeAt(bytes, at), part(bytes, at + HEAD, end));
    at = align(end);
  }
  return found;
}

function lengthAt(bytes: Bytes, at: number): number {
  const length = number16(bytes, at);
  if (length >= HEAD && at + length <= bytes.length) return length;
  throw new RangeError("a netlink attribute is cut short");
}

/** The two top bits say "nested" and "big endian"; the type is in the rest. */
function typeAt(bytes: Bytes, at: number): number {
  return number16(bytes, at + 2) & 0x3fff;
}

// Byte by byte: for as few numbers as a table has, the time goes into making views.
function number16(bytes: Bytes, at: number): number {
  return (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8;
}

function part({ buffer, byteOffset }: Bytes, from: number, to: number): Bytes {
  return new Uint8Array(buffer, byteOffset + from, to - from);
}

/** The text of a string attribute. */
export function textOf(value: Bytes): string {
  const end = value.indexOf(0);
  return decoder.decode(end < 0 ? value : value.subarray(0, end));
}

/** The number of a 32-bit big-endian attribute, signed. Throws a `RangeError` for fewer bytes. */
export function numberOf(value: Bytes): number {
  if (value.length < 4) throw new RangeError("a number of netlink is cut short");
  return (value[0] ?? 0) << 24 | (value[1] ?? 0) << 16 | (value[2] ?? 0) << 8 | (value[3] ?? 0);
}

/** `length` rounded up to what netlink pads to. */
export function align(length: number): number {
  return (length + 3) & ~3;
}
