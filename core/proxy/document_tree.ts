/**
 * A configuration document as a tree of plain nodes that remember where they stood, so that a wrong
 * value is reported with line and column. Made from JSON by the engine, from YAML by the `yaml` package.
 *
 * @module
 */
import type { Alias, Document, LineCounter, Node, Pair, YAMLError } from "yaml";
import { KumaError } from "../errors.ts";
import { shown } from "core/grammar/echo.ts";

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

/** One node. A scalar keeps the text as it was written and whether it stood in quotes. */
export type DocumentNode =
  & { readonly at?: Place }
  & (
    | { readonly kind: "map"; readonly entries: readonly DocumentEntry[] }
    | { readonly kind: "list"; readonly items: readonly DocumentNode[] }
    | { readonly kind: "scalar"; readonly text: string; readonly quoted: boolean }
    | { readonly kind: "null" }
  );

/** Nesting and number of nodes that no honest document comes near to; aliases count as what they name. */
const MAX_DEPTH = 16;
const MAX_NODES = 20_000;

/** Counts nodes and depth while a tree is made. */
class Budget {
  #nodes = 0;

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

/** The tree of a JSON text, without places; undefined where the text is not JSON. */
export function jsonTree(text: string): DocumentNode | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return fromJson(value, 0, new Budget());
}

function fromJson(value: unknown, depth: number, budget: Budget): DocumentNode {
  budget.spend(depth);
  if (value === null) return { kind: "null" };
  if (Array.isArray(value)) {
    return { kind: "list", items: value.map((item) => fromJson(item, depth + 1, budget)) };
  }
  if (typeof value === "object") {
    const entries = Object.entries(value).map(([key, child]) => ({
      key,
      value: fromJson(child, depth + 1, budget),
    }));
    return { kind: "map", entries };
  }
  return { kind: "scalar", text: String(value), quoted: typeof value === "string" };
}

/**
 * The tree of a YAML text (JSON is YAML too); `null` for an empty document.
 *
 * @throws KumaError `KUMA-TP-014` with `LINE:COLUMN: ` before the message where the place is known.
 */
export async function yamlTree(text: string): Promise<DocumentNode> {
  // Loading the package costs as much as half the program's start: only who needs it pays.
  const yaml = await import("./yaml_library.ts");
  const lines = new yaml.LineCounter();
  let document: Document;
  try {
    document = yaml.parseDocument(text, {
      // Scalars stay text: what `yes` or `0123` means depends on the key, and is decided there.
      schema: "failsafe",
      lineCounter: lines,
      prettyErrors: false,
      logLevel: "error",
    });
  } catch (thrown) {
    // The parser is recursive: a document that overflows its stack is none that anybody wrote.
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new KumaError("KUMA-TP-014", "the document cannot be parsed", { cause: thrown });
  }
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, column } = placeAt(lines, error.pos[0]);
    throw new KumaError("KUMA-TP-014", `${line}:${column}: ${reasonOf(error)}`);
  }
  return new YamlReader(yaml, document, lines).read(document.contents, 0);
}

function reasonOf({ code, message }: YAMLError): string {
  // The parser reports the overflow of its own stack as a syntax error.
  if (/call stack/.test(message)) return "the document is nested too deeply";
  if (code === "MULTIPLE_DOCS") return "there must be one document only";
  return shown(message, 100);
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** Turns nodes of the `yaml` package into ours. */
class YamlReader {
  readonly #yaml: typeof import("./yaml_library.ts");
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #budget = new Budget();

  constructor(yaml: typeof import("./yaml_library.ts"), document: Document, lines: LineCounter) {
    this.#yaml = yaml;
    this.#document = document;
    this.#lines = lines;
  }

  read(node: unknown, depth: number): DocumentNode {
    this.#budget.spend(depth);
    if (!this.#yaml.isNode(node)) return { kind: "null" };
    const at = this.#place(node);
    if (this.#yaml.isAlias(node)) return this.#alias(node, depth);
    if (this.#yaml.isSeq(node)) {
      return { kind: "list", items: node.items.map((item) => this.read(item, depth + 1)), ...at };
    }
    if (this.#yaml.isMap(node)) {
      return { kind: "map", entries: node.items.map((pair) => this.#entry(pair, depth)), ...at };
    }
    if (!this.#yaml.isScalar(node)) return { kind: "null", ...at };
    const quoted = node.type !== "PLAIN" || node.tag === "tag:yaml.org,2002:str";
    const text = typeof node.value === "string" ? node.value : node.source ?? "";
    if (!quoted && /^(?:|~|null|Null|NULL)$/.test(text)) return { kind: "null", ...at };
    return { kind: "scalar", text, quoted, ...at };
  }

  #entry(pair: Pair, depth: number): DocumentEntry {
    const key = this.read(pair.key, depth + 1);
    const at = key.at === undefined ? {} : { at: key.at };
    if (key.kind !== "scalar") {
      const place = key.at === undefined ? "" : `${key.at.line}:${key.at.column}: `;
      throw new KumaError("KUMA-TP-014", `${place}a key must be a plain word`);
    }
    return { key: key.text, value: this.read(pair.value, depth + 1), ...at };
  }

  #alias(node: Alias, depth: number): DocumentNode {
    // A cycle ends at the depth, a "billion laughs" at the number of nodes.
    return this.read(node.resolve(this.#document), depth + 1);
  }

  #place(node: Node): { at?: Place } {
    const offset = node.range?.[0];
    return offset === undefined ? {} : { at: placeAt(this.#lines, offset) };
  }
}
