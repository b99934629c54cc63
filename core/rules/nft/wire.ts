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

const encoder = new TextEncoder();
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
    once(value, () => {
      const bytes = new Uint8Array(value.length / 2);
      for (let i = 0; i < bytes.length; i++) {
        bytes[i] = parseInt(value.slice(i * 2, i * 2 + 2), 16);
      }
      return bytes;
    }),
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: { type: number; value: Bytes }[] = [];
  for (let at = 0; at + HEAD <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < HEAD || at + length > bytes.length) {
      throw new RangeError("a netlink attribute is cut short");
    }
    // The two top bits say "nested" and "big endian"; the type is in the rest.
    const type = view.getUint16(at + 2, true) & 0x3fff;
    found.push({ type, value: bytes.slice(at + HEAD, at + length) });
    at += align(length);
  }
  return found;
}

/** {@linkcode decodeAttributes} by type. */
export function attributesOf(bytes: Bytes): Map<number, Bytes> {
  return new Map(decodeAttributes(bytes).map(({ type, value }) => [type, value]));
}

/** The text of a string attribute. */
export function textOf(value: Bytes): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}

/** The number of a 32-bit big-endian attribute, signed. */
export function numberOf(value: Bytes): number {
  return new DataView(value.buffer, value.byteOffset).getInt32(0, false);
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
