/**
 * The map of records: see `core/bpf/record.ts`.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import {
  decodeHead,
  decodePieces,
  encodeHead,
  encodePieces,
  headKey,
  MAX_PIECES,
  PIECE_BYTES,
  PIECE_KEY,
  RECORDS_MAP,
} from "core/bpf/record.ts";
import { cString } from "../c_library.ts";
import { errnoText } from "../libc.ts";
import { libbpf } from "./libbpf.ts";
import { BpfMap } from "./map.ts";
import { pin, type Pins } from "./pins.ts";

const HASH = 1, NO_PREALLOC = 1;
/** struct bpf_map_create_opts. */
const OPTIONS_BYTES = 48, MAP_FLAGS = 28;

/** Texts by owner. */
export class Records implements Disposable {
  readonly #map: BpfMap;

  private constructor(map: BpfMap) {
    this.#map = map;
  }

  /** The pinned ones; undefined where there are none. */
  static pinned(pins: Pins): Records | undefined {
    const map = BpfMap.pinned(pins.records);
    if (map === undefined) return undefined;
    if (map.keySize === PIECE_KEY.size && map.valueSize === PIECE_BYTES) return new Records(map);
    map.close();
    throw new KumaError("KUMA-BPF-013", `${pins.records} is no map of records`, {
      hint: "run 'kuma-ebpf-loader unload', then add the pods again",
    });
  }

  /** The pinned ones, made where there are none. */
  static create(pins: Pins): Records {
    const there = Records.pinned(pins);
    if (there !== undefined) return there;
    const options = new Uint8Array(OPTIONS_BYTES);
    const view = new DataView(options.buffer);
    view.setBigUint64(0, BigInt(OPTIONS_BYTES), true);
    view.setUint32(MAP_FLAGS, NO_PREALLOC, true);
    const name = cString(`kuma_${RECORDS_MAP}`);
    const sizes = [PIECE_KEY.size, PIECE_BYTES, MAX_PIECES] as const;
    const fd = libbpf().bpf_map_create(HASH, name, ...sizes, options);
    if (fd < 0) {
      throw new KumaError(
        "KUMA-BPF-012",
        `the kernel refuses the map of records: ${errnoText(fd)}`,
      );
    }
    const map = new BpfMap(fd, pins.records);
    try {
      pin(fd, pins.records);
    } catch (error) {
      map.close();
      throw error;
    }
    return new Records(map);
  }

  /** The text of an owner; undefined where there is none, or one that is not whole. */
  get(owner: bigint): string | undefined {
    const { generation, pieces } = decodeHead(this.#map.get(headKey(owner)));
    if (pieces === 0) return undefined;
    return decodePieces(
      Array.from(
        { length: pieces },
        (_, piece) => this.#map.get(PIECE_KEY.encode({ owner, generation, piece })),
      ),
    );
  }

  /** Puts a text in the place of the former one, all at once. */
  set(owner: bigint, text: string): void {
    if (this.get(owner) === text) return;
    const former = decodeHead(this.#map.get(headKey(owner))).generation;
    const generation = (former % 0xffffffff) + 1;
    const pieces = encodePieces(owner, generation, text);
    for (const { key, value } of pieces) this.#map.set(key, value);
    this.#map.set(headKey(owner), encodeHead(generation, pieces.length));
    this.#drop(owner, generation);
  }

  /** Removes an owner's text. */
  delete(owner: bigint): void {
    this.#map.delete(headKey(owner));
    this.#drop(owner, undefined);
  }

  /** Who has a text, or remains of one. */
  owners(): bigint[] {
    return [...new Set(this.#map.keys().map((key) => PIECE_KEY.decode(key).owner))];
  }

  [Symbol.dispose](): void {
    this.#map.close();
  }

  #drop(owner: bigint, keep: number | undefined): void {
    for (const key of this.#map.keys()) {
      const piece = PIECE_KEY.decode(key);
      if (piece.owner !== owner || piece.generation === 0 || piece.generation === keep) continue;
      this.#map.delete(key);
    }
  }
}
