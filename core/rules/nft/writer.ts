/**
 * Netlink's messages and attributes, written one behind the other into one buffer (linux/netlink.h,
 * linux/netfilter/nfnetlink.h).
 *
 * @module
 */
import type { Bytes } from "./wire.ts";

const NLM_F_REQUEST = 1;
const NLA_F_NESTED = 0x8000;
/** Bytes of a message's head with `nfgenmsg` behind it, and of an attribute's. */
const MESSAGE_HEAD = 20, ATTRIBUTE_HEAD = 4;
/** The longest attribute: its length is a 16-bit number. */
const ATTRIBUTE_MAX = 0xffff;
/** Enough for any question; it doubles until all has room. */
const CAPACITY = 4096;
/** A call of the encoder costs as much as so many characters that are written one by one. */
const SHORT = 16;

const encoder = new TextEncoder();

/**
 * Writes messages, and the attributes of the one that was begun last.
 *
 * Straight into place: a program that writes one table and ends runs all of this for the first time, and then
 * each object and array on the way costs more than the bytes.
 */
export class NetlinkWriter {
  #bytes: Bytes = new Uint8Array(CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #end = 0;
  /** Where the last message begins. */
  #message = -1;
  #sequence: number;
  /** Where attributes begin that may be copied, by their text and by the key of {@linkcode again}. */
  readonly #texts = new Map<string, number>();
  readonly #known = new Map<string, number>();

  /** @param first sequence number of the first message; the others count on */
  constructor(first = 0) {
    this.#sequence = first - 1;
  }

  /** Sequence number of the message that was begun last. */
  get sequence(): number {
    return this.#sequence;
  }

  /** All that was written. */
  finish(): Bytes {
    this.#endMessage();
    return this.#bytes.subarray(0, this.#end);
  }

  /**
   * Begins a message; the one before it is at its end.
   *
   * @param type with the subsystem in its upper byte
   * @param flags netlink flags beside that of a request
   */
  message(type: number, flags: number, family: number, resource = 0): void {
    this.#endMessage();
    this.#reserve(MESSAGE_HEAD);
    const at = this.#end, view = this.#view;
    view.setUint32(at + 4, (NLM_F_REQUEST | flags) << 16 | type, true);
    view.setUint32(at + 8, ++this.#sequence, true);
    view.setUint8(at + 16, family);
    view.setUint16(at + 18, resource, false);
    this.#message = at;
    this.#end = at + MESSAGE_HEAD;
  }

  /** Adds flags to the message that was begun last. */
  flag(flags: number): void {
    const at = this.#message + 6;
    this.#view.setUint16(at, this.#view.getUint16(at, true) | flags, true);
  }

  /** Begins an attribute that holds others; what this gives is for {@linkcode end}. */
  begin(type: number): number {
    return this.beginBytes(type | NLA_F_NESTED);
  }

  /** Begins an attribute that holds none, such as {@linkcode userdata}; what this gives is for {@linkcode end}. */
  beginBytes(type: number): number {
    const at = this.#end;
    if (at + ATTRIBUTE_HEAD > this.#bytes.length) this.#reserve(ATTRIBUTE_HEAD);
    this.#view.setUint16(at + 2, type, true);
    this.#end = at + ATTRIBUTE_HEAD;
    return at;
  }

  /** Ends the attribute that begins at `start`. Throws a `RangeError` where it is too long for one. */
  end(start: number): void {
    const length = this.#end - start;
    if (length > ATTRIBUTE_MAX) throw new RangeError(`an attribute of ${length} bytes is too long`);
    this.#view.setUint16(start, length, true);
    this.#end = this.#end + 3 & ~3;
  }

  /**
   * Writes the attribute again that was written when this was first asked with the same key; false, and nothing, that
   * first time: the caller writes it then.
   */
  again(key: string): boolean {
    const from = this.#known.get(key);
    if (from === undefined) this.#known.set(key, this.#end);
    else this.#copy(from);
    return from !== undefined;
  }

  /** A string attribute, with its closing NUL. Throws as {@linkcode end} does. */
  text(type: number, value: string): void {
    const from = this.#texts.get(value), start = this.#end;
    if (from !== undefined) {
      this.#copy(from);
      return this.#view.setUint16(start + 2, type, true);
    }
    this.beginBytes(type);
    this.#string(value);
    this.end(start);
    this.#texts.set(value, start);
  }

  /** A 32-bit number in big endian, as nf_tables has them; negative numbers in two's complement. */
  number(type: number, value: number): void {
    const at = this.#end;
    if (at + 8 > this.#bytes.length) this.#reserve(8);
    const view = this.#view;
    view.setUint32(at, type << 16 | 8, true);
    view.setUint32(at + 4, value, false);
    this.#end = at + 8;
  }

  /** Bytes that are written in hexadecimal. Throws a `SyntaxError` where they are not. */
  data(type: number, hex: string): void {
    const start = this.beginBytes(type), length = hex.length / 2;
    if (!Number.isInteger(length)) throw new SyntaxError(`half a byte in hexadecimal: ${hex}`);
    this.#reserve(length + 4);
    for (let i = 0; i < length; i += 4) {
      const word = hex.slice(i * 2, i * 2 + 8).padEnd(8, "0");
      const value = Number(`0x${word}`);
      if (Number.isNaN(value)) throw new SyntaxError(`no bytes in hexadecimal: ${hex}`);
      this.#view.setUint32(this.#end + i, value, false);
    }
    this.#end += length;
    this.end(start);
  }

  /** Userdata as libnftnl has it: type, length and value, which is text with its NUL. */
  userdata(type: number, value: string): void {
    this.#reserve(2);
    const at = this.#end;
    this.#end = at + 2;
    this.#string(value);
    this.#bytes[at] = type;
    this.#bytes[at + 1] = this.#end - at - 2;
  }

  /** With a NUL behind it. */
  #string(value: string): void {
    const { length } = value;
    this.#reserve(length * 3 + 4);
    const bytes = this.#bytes, at = this.#end;
    let written = 0;
    while (length < SHORT && written < length) {
      const code = value.charCodeAt(written);
      if (code > 0x7f) break;
      bytes[at + written++] = code;
    }
    if (written < length) written = encoder.encodeInto(value, bytes.subarray(at)).written;
    this.#end = at + written + 1;
  }

  #copy(from: number): void {
    const at = this.#end, length = this.#view.getUint16(from, true);
    if (at + length > this.#bytes.length) this.#reserve(length);
    this.#bytes.copyWithin(at, from, from + length);
    this.#end = at + length + 3 & ~3;
  }

  #endMessage(): void {
    if (this.#message >= 0) this.#view.setUint32(this.#message, this.#end - this.#message, true);
  }

  /** Room for so many bytes more. */
  #reserve(length: number): void {
    const needed = this.#end + length;
    let capacity = this.#bytes.length;
    if (needed <= capacity) return;
    while (capacity < needed) capacity *= 2;
    const bytes = new Uint8Array(capacity);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
