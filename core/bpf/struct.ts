/**
 * C structures without padding, as bytes: keys and values of BPF maps, records of a ring buffer.
 *
 * @module
 */

/** Kinds of fields, with their sizes in bytes; `address` is 16 bytes in network order. */
const SIZES = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, address: 16 } as const;

/** The kind of a field. */
export type Kind = keyof typeof SIZES;

/** What a field of a kind holds. */
export type Value<K extends Kind> = K extends "u64" ? bigint
  : K extends "address" ? Uint8Array
  : number;

/** Fields by name, in their order. */
export type Fields = Readonly<Record<string, Kind>>;

/** The values of a structure. */
export type Values<F extends Fields> = { readonly [N in keyof F]: Value<F[N]> };

const ALIGNED: Record<Kind, number> = { ...SIZES, address: 4 };

/** A structure's shape: little-endian, as both architectures that we build for are. */
export class Struct<F extends Fields> {
  /** Offset of each field. */
  readonly offsets: Readonly<Record<keyof F, number>>;
  readonly size: number;

  /**
   * @param name the structure's tag in C
   * @throws {RangeError} where the compiler would put padding: its bytes are part of a key, and nobody sets them
   */
  constructor(readonly name: string, readonly fields: F) {
    let offset = 0, alignment = 1;
    const offsets: Record<string, number> = {};
    for (const [field, kind] of Object.entries(fields)) {
      if (offset % ALIGNED[kind] !== 0) throw new RangeError(`${name} has padding before ${field}`);
      offsets[field] = offset;
      offset += SIZES[kind];
      alignment = Math.max(alignment, ALIGNED[kind]);
    }
    if (offset % alignment !== 0) throw new RangeError(`${name} has padding at its end`);
    this.offsets = offsets as Record<keyof F, number>;
    this.size = offset;
  }

  /**
   * The bytes of `values`.
   *
   * @throws {RangeError} where a value does not fit its field
   */
  encode(values: Values<F>): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.size);
    const view = new DataView(bytes.buffer);
    for (const field of Object.keys(this.fields)) {
      const kind = this.fields[field] as Kind;
      if (!write(view, this.offsets[field] ?? 0, kind, values[field] as number)) {
        throw new RangeError(`${this.name}.${field} cannot hold ${values[field]}`);
      }
    }
    return bytes;
  }

  /**
   * The values in `bytes`, from `offset` on.
   *
   * @throws {RangeError} where they are too few
   */
  decode(bytes: Uint8Array, offset = 0): Values<F> {
    if (bytes.length < offset + this.size) {
      throw new RangeError(`${this.name} takes ${this.size} bytes, not ${bytes.length - offset}`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset, this.size);
    const values: Record<string, number | bigint | Uint8Array> = {};
    for (const field of Object.keys(this.fields)) {
      values[field] = read(view, this.offsets[field] ?? 0, this.fields[field] as Kind);
    }
    return values as Values<F>;
  }
}

function write(
  view: DataView,
  offset: number,
  kind: Kind,
  value: number | bigint | Uint8Array,
): boolean {
  if (kind === "address") {
    if (!(value instanceof Uint8Array) || value.length !== SIZES.address) return false;
    new Uint8Array(view.buffer, view.byteOffset + offset, SIZES.address).set(value);
    return true;
  }
  if (kind === "u64") {
    if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value) return false;
    view.setBigUint64(offset, value, true);
    return true;
  }
  const bits = 8 * SIZES[kind];
  const [least, most] = kind === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** bits - 1];
  if (typeof value !== "number" || !Number.isInteger(value)) return false;
  if (value < least || value > most) return false;
  for (let byte = 0; byte < SIZES[kind]; byte++) view.setUint8(offset + byte, value >> (8 * byte));
  return true;
}

function read(view: DataView, offset: number, kind: Kind): number | bigint | Uint8Array {
  switch (kind) {
    case "u8":
      return view.getUint8(offset);
    case "u16":
      return view.getUint16(offset, true);
    case "u32":
      return view.getUint32(offset, true);
    case "i32":
      return view.getInt32(offset, true);
    case "u64":
      return view.getBigUint64(offset, true);
    case "address":
      return new Uint8Array(view.buffer, view.byteOffset + offset, SIZES.address).slice();
  }
}
