/**
 * A configuration document as a tree of plain nodes that remember where they stood, so that a wrong
 * value is reported with line and column. Made from JSON by the engine here, from YAML by `yaml_tree.ts`.
 *
 * @module
 */
import { KumaError } from "../errors.ts";

/** Where a node stood; both counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One key of a mapping with its value. */
export interface DocumentEntry {
  readonly key: string;
  readonly at?: Place;
  readonly value: DocumentNode;
}

/**
 * One node. A scalar keeps the text as it was written and whether it stood in quotes; of a number without
 * quotes it has the decimal digits of what YAML 1.1 makes of it.
 */
export type DocumentNode =
  & { readonly at?: Place }
  & (
    | { readonly kind: "map"; readonly entries: readonly DocumentEntry[] }
    | { readonly kind: "list"; readonly items: readonly DocumentNode[] }
    | { readonly kind: "scalar"; readonly text: string; readonly quoted: boolean }
    | { readonly kind: "null" }
  );

/** A tree, and what a person should know of the text that it was made from: `LINE:COLUMN: …`. */
export interface DocumentTree {
  readonly root: DocumentNode;
  readonly warnings: readonly string[];
}

/** Nesting and number of nodes that no honest document comes near to; aliases count as what they name. */
const MAX_DEPTH = 16;
const MAX_NODES = 20_000;

/** Counts nodes and depth while a tree is made. */
export class Budget {
  #nodes = 0;

  /** @throws KumaError `KUMA-TP-014` beyond the limits. */
  spend(depth: number): void {
    this.#nodes++;
    if (depth > MAX_DEPTH || this.#nodes > MAX_NODES) {
      throw new KumaError(
        "KUMA-TP-014",
        "the document is nested too deeply or expands to too much",
      );
    }
  }
}

/**
 * The tree of a JSON text, without places; undefined where the text is not JSON, or has a key twice in any
 * mapping, of which the engine would keep the last without a word.
 */
export function jsonTree(text: string): DocumentNode | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const counter = { keys: 0 };
  const tree = fromJson(value, 0, new Budget(), counter);
  return counter.keys === keysIn(text) ? tree : undefined;
}

/** How many keys stand in a JSON text: its strings that a colon follows. */
function keysIn(json: string): number {
  let keys = 0;
  for (const [, colon] of json.matchAll(/"(?:[^"\\]|\\.)*"[ \t\r\n]*(:?)/gs)) {
    if (colon === ":") keys++;
  }
  return keys;
}

function fromJson(
  value: unknown,
  depth: number,
  budget: Budget,
  counter: { keys: number },
): DocumentNode {
  budget.spend(depth);
  if (value === null) return { kind: "null" };
  if (Array.isArray(value)) {
    return {
      kind: "list",
      items: value.map((item) => fromJson(item, depth + 1, budget, counter)),
    };
  }
  if (typeof value === "object") {
    const entries = Object.entries(value).map(([key, child]) => ({
      key,
      value: fromJson(child, depth + 1, budget, counter),
    }));
    counter.keys += entries.length;
    return { kind: "map", entries };
  }
  return { kind: "scalar", text: String(value), quoted: typeof value === "string" };
}
