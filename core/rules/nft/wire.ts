/**
 * Netlink's messages and attributes as bytes (linux/netlink.h). Netlink itself is in the machine's byte
 * order (little endian on amd64 and arm64), nf_tables' own numbers are in big endian.
 *
 * @module
 */

/** Bytes of a message or an attribute. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** One attribute: its type, and its bytes or the attributes that it holds. */
export type Attribute = readonly [type: number, value: Bytes | readonly Attribute[]];

const encoder = new TextEncoder(), decoder = new TextDecoder();
const NLA_F_NESTED = 0x8000;
/** Bytes of the head of an attribute. */
const HEAD = 4;
/** The longest attribute: its length is a 16-bit number. */
const ATTRIBUTE_MAX = 0xffff;

/** A string attribute, with its closing NUL. */
export function text(type: number, value: string): Attribute {
  return [type, once(`t${value}`, () => encoder.encode(`${value}\0`))];
}

/** A 32-bit number in big endian, as nf_tables has them; negative numbers in two's complement. */
export function number(type: number, value: number): Attribute {
  return [
    type,
    once(
      value,
      () => Uint8Array.of(value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255),
    ),
  ];
}

/** Bytes that are written in hexadecimal. */
export function data(type: number, value: string): Attribute {
  return [
    type,
    once(value, () => Uint8Array.fromHex(value)),
  ];
}

/** Nobody writes into the value of an attribute, and the same few come a thousand times in one table. */
const made = new Map<string | number, Bytes>();
const MOST_MADE = 1000;

function once(key: string | number, make: () => Bytes): Bytes {
  let bytes = made.get(key);
  if (bytes === undefined) {
    bytes = make();
    if (made.size < MOST_MADE) made.set(key, bytes);
  }
  return bytes;
}

/** The bytes of attributes one behind the other, each padded to four, behind `head` zero bytes. */
export function encodeAttributes(attributes: readonly Attribute[], head = 0): Bytes {
  const bytes = new Uint8Array(head + sizeOf(attributes));
  write(attributes, bytes, new DataView(bytes.buffer), head);
  return bytes;
}

function sizeOf(attributes: readonly Attribute[]): number {
  let size = 0;
  for (const [, value] of attributes) size += HEAD + bodySize(value);
  return size;
}

/** With its padding. */
function bodySize(value: Attribute[1]): number {
  return value instanceof Uint8Array ? align(value.length) : sizeOf(value);
}

/** All into one buffer, without one for each level: a table has a thousand attributes. Gives the end. */
function write(
  attributes: readonly Attribute[],
  bytes: Bytes,
  view: DataView,
  start: number,
): number {
  let at = start;
  for (const [type, value] of attributes) {
    const flat = value instanceof Uint8Array;
    let end: number;
    if (flat) {
      bytes.set(value, at + HEAD);
      end = at + HEAD + value.length;
    } else end = write(value, bytes, view, at + HEAD);
    const length = end - at;
    if (length > ATTRIBUTE_MAX) throw new RangeError(`an attribute of ${length} bytes is too long`);
    view.setUint16(at, length, true);
    view.setUint16(at + 2, flat ? type : type | NLA_F_NESTED, true);
    at += align(length);
  }
  return at;
}

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

/** Parts one behind the other. */
export function concat(parts: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** `length` rounded up to what netlink pads to. */
export function align(length: number): number {
  return (length + 3) & ~3;
}
