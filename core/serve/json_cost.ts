/**
 * What a JSON text costs to parse, found without parsing it: 8 MB of `[[],[],…]` become 270 MB of objects,
 * and 10,000 levels are more than code that walks through them has stack for.
 *
 * @module
 */
import type { Refusal } from "./http_head.ts";

/**
 * Most levels. The API server itself takes 10,000, of which no schema makes more than some dozens.
 */
export const MAX_DEPTH = 512;
/**
 * Most values. An object in etcd has 1.5 MiB at most and a review has two of them: that is 30 bytes a value,
 * where densely written pods have 35 and are not a tenth as large.
 */
export const MAX_NODES = 100_000;

/** What a value costs beside its text: measured for empty lists, 97 bytes; for short texts less. */
const NODE_BYTES = 100;

/** A text's levels and values. */
export interface JsonCost {
  readonly depth: number;
  readonly nodes: number;
  /** Bytes that it takes parsed, with the text itself decoded; a bound and no estimate. */
  readonly bytes: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
/** `[` and `{` differ in one bit, as do `]` and `}`; no other character is either of them. */
const BRACE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Weighs a text, which need not be JSON: then any parser refuses it. */
export function jsonCost(text: Uint8Array, mostNodes: number = MAX_NODES): JsonCost | Refusal {
  let depth = 0;
  let deepest = 0;
  let nodes = 1;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]!;
    if (byte === QUOTE) {
      at = endOfString(text, at);
    } else if (byte === COMMA) {
      nodes++;
    } else if ((byte | BRACE_BIT) === OPEN) {
      nodes++;
      if (++depth > deepest) deepest = depth;
    } else if ((byte | BRACE_BIT) === CLOSE) {
      depth--;
    }
  }
  if (deepest > MAX_DEPTH) return { status: 413, why: `more than ${MAX_DEPTH} levels` };
  if (nodes > mostNodes) return { status: 413, why: `more than ${mostNodes} values` };
  // Two bytes a character where one is no Latin-1, for the text and for what is cut out of it.
  return { depth: deepest, nodes, bytes: 4 * text.length + NODE_BYTES * nodes };
}

/** The index of the quote that ends a string. */
function endOfString(text: Uint8Array, start: number): number {
  for (let at = start;;) {
    at = text.indexOf(QUOTE, at + 1);
    if (at < 0) return text.length;
    let slashes = 0;
    while (text[at - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
}
