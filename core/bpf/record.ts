/**
 * Records: texts that user space keeps in a map of its own beside those of the programs, in pieces, since values of a
 * map are all of one size. They say what each pod was added with, so that another version of the programs can be given
 * the same pods; their form does not depend on the layout of the other maps.
 *
 * @module
 */
import { Struct } from "./struct.ts";

/** Name of the map, pinned beside the folders of the layouts. */
export const RECORDS_MAP = "records";
/** Pieces in all, of all pods. */
export const MAX_PIECES = 65536;
/** Bytes of a value: the length in use, then the text. */
export const PIECE_BYTES = 512;
const TEXT_BYTES = PIECE_BYTES - 4;

/** Owner of the record about the node itself; no network namespace has this cookie. */
export const NODE_OWNER = 0n;

/** Key of a piece. The piece 0 of generation 0 names the generation that counts. */
export const PIECE_KEY = new Struct("piece_key", { owner: "u64", generation: "u32", piece: "u32" });

/** A key and its value. */
export interface Piece {
  readonly key: Uint8Array<ArrayBuffer>;
  readonly value: Uint8Array<ArrayBuffer>;
}

/** The key of the piece that is written last, and read first. */
export function headKey(owner: bigint): Uint8Array<ArrayBuffer> {
  return PIECE_KEY.encode({ owner, generation: 0, piece: 0 });
}

/** The head: it puts a generation of `pieces` pieces in force, all at once. */
export function encodeHead(generation: number, pieces: number): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(PIECE_BYTES);
  new Uint32Array(value.buffer).set([8, generation, pieces]);
  return value;
}

/** What the head says; generation 0 and no pieces where there is none. */
export function decodeHead(value: Uint8Array | undefined): { generation: number; pieces: number } {
  if (value === undefined) return { generation: 0, pieces: 0 };
  const view = new DataView(value.buffer, value.byteOffset);
  return { generation: view.getUint32(4, true), pieces: view.getUint32(8, true) };
}

/** A text cut into pieces. */
export function encodePieces(owner: bigint, generation: number, text: string): Piece[] {
  const bytes = new TextEncoder().encode(text);
  const count = Math.max(1, Math.ceil(bytes.length / TEXT_BYTES));
  return Array.from({ length: count }, (_, piece) => {
    const part = bytes.subarray(piece * TEXT_BYTES, (piece + 1) * TEXT_BYTES);
    const value = new Uint8Array(PIECE_BYTES);
    new Uint32Array(value.buffer, 0, 1).set([part.length]);
    value.set(part, 4);
    return { key: PIECE_KEY.encode({ owner, generation, piece }), value };
  });
}

/** The text of pieces in their order; undefined where one is missing. */
export function decodePieces(values: readonly (Uint8Array | undefined)[]): string | undefined {
  const decoder = new TextDecoder();
  let text = "";
  for (const value of values) {
    if (value === undefined) return undefined;
    const length = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
    text += decoder.decode(value.subarray(4, 4 + length), { stream: true });
  }
  return text + decoder.decode();
}
