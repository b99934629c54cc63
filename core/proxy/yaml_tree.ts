/**
 * The tree of a YAML text, made by the `yaml` package from its nodes. Where the package and the YAML library of
 * Kuma 2.9 part, this goes with the latter: merge keys are followed, numbers are those of YAML 1.1, of
 * several documents the first one counts. What that library would decide in silence is refused or told.
 *
 * @module
 */
import type { Alias, Document, LineCounter, Node, Pair, Scalar, YAMLError, YAMLMap } from "yaml";
import { KumaError } from "../errors.ts";
import { shown } from "core/grammar/echo.ts";
import {
  Budget,
  type DocumentEntry,
  type DocumentNode,
  type DocumentTree,
  type Place,
} from "./document_tree.ts";
import { isMisleading, yamlNumber } from "./yaml_scalars.ts";

/** What is used of the package; loading it is the caller's matter, since not every run needs it. */
export type YamlLibrary = typeof import("./yaml_library.ts");

const MERGE = "<<";
const MAX_WARNINGS = 20;

/**
 * The tree of the first document of a YAML text (JSON is YAML too); `null` for an empty one.
 *
 * @throws KumaError `KUMA-TP-014` with `LINE:COLUMN: ` before the message where the place is known.
 */
export function yamlTree(yaml: YamlLibrary, text: string): DocumentTree {
  const lines = new yaml.LineCounter();
  let documents: readonly Document[];
  try {
    documents = yaml.parseAllDocuments(text, {
      // Scalars stay text: what `yes` or `0123` means depends on the key, and is decided there.
      schema: "failsafe",
      // Keys that are there twice are found by the reader, which knows what they are called.
      uniqueKeys: false,
      lineCounter: lines,
      prettyErrors: false,
      logLevel: "error",
    });
  } catch (thrown) {
    // The parser is recursive: a document that overflows its stack is none that anybody wrote.
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new KumaError("KUMA-TP-014", "the document cannot be parsed", { cause: thrown });
  }
  const [document, ...others] = documents;
  if (document === undefined) return { root: { kind: "null" }, warnings: [] };
  const [error] = document.errors;
  if (error !== undefined) throw malformed(placeAt(lines, error.pos[0]), reasonOf(error));
  const reader = new YamlReader(yaml, document, lines);
  const root = reader.read(document.contents, 0);
  const next = others.find((other) => other.errors.length > 0 || !isEmpty(yaml, other.contents));
  if (next !== undefined) {
    const { line, column } = placeAt(lines, next.range?.[0] ?? 0);
    reader.warn({ line, column }, "only the first document counts; what follows here is ignored");
  }
  return { root, warnings: reader.warnings };
}

function isEmpty(yaml: YamlLibrary, contents: unknown): boolean {
  return contents === null ||
    (yaml.isScalar(contents) && contents.type === "PLAIN" && contents.source === "");
}

function malformed(at: Place | undefined, reason: string): KumaError {
  const place = at === undefined ? "" : `${at.line}:${at.column}: `;
  return new KumaError("KUMA-TP-014", `${place}${reason}`);
}

function reasonOf({ message }: YAMLError): string {
  // The parser reports the overflow of its own stack as a syntax error.
  if (/call stack/.test(message)) return "the document is nested too deeply";
  return shown(message, 100);
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** Turns nodes of the `yaml` package into ours. */
class YamlReader {
  readonly warnings: string[] = [];
  readonly #yaml: YamlLibrary;
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #budget = new Budget();

  constructor(yaml: YamlLibrary, document: Document, lines: LineCounter) {
    this.#yaml = yaml;
    this.#document = document;
    this.#lines = lines;
  }

  warn({ line, column }: Place, text: string): void {
    const warning = `${line}:${column}: ${text}`;
    // What an alias names is read again for each.
    if (this.warnings.length < MAX_WARNINGS && !this.warnings.includes(warning)) {
      this.warnings.push(warning);
    }
  }

  read(node: unknown, depth: number): DocumentNode {
    this.#budget.spend(depth);
    if (!this.#yaml.isNode(node)) return { kind: "null" };
    const at = this.#place(node);
    if (this.#yaml.isAlias(node)) return this.read(this.#named(node), depth + 1);
    if (this.#yaml.isSeq(node)) {
      return { kind: "list", items: node.items.map((item) => this.read(item, depth + 1)), ...at };
    }
    if (this.#yaml.isMap(node)) {
      return { kind: "map", entries: this.#entries(node, depth), ...at };
    }
    if (!this.#yaml.isScalar(node)) return { kind: "null", ...at };
    return { ...this.#scalar(node, at.at), ...at };
  }

  #scalar(node: Scalar, at: Place | undefined): DocumentNode {
    const quoted = node.type !== "PLAIN" || node.tag === "tag:yaml.org,2002:str";
    const text = typeof node.value === "string" ? node.value : node.source ?? "";
    if (quoted) return { kind: "scalar", text, quoted };
    if (/^(?:|~|null|Null|NULL)$/.test(text)) return { kind: "null" };
    const number = yamlNumber(text);
    if (number !== undefined && isMisleading(text) && at !== undefined) {
      this.warn(at, `'${shown(text)}' is ${number} in YAML 1.1; write ${number}, or quote it`);
    }
    return { kind: "scalar", text: number ?? text, quoted };
  }

  /** The entries of a mapping, behind what its merge keys bring in and it has not itself. */
  #entries(map: YAMLMap, depth: number): DocumentEntry[] {
    const entries: DocumentEntry[] = [];
    const own = new Map<string, DocumentEntry>();
    const merged = new Map<string, DocumentEntry>();
    for (const pair of map.items) {
      if (!this.#isMerge(pair)) {
        const entry = this.#entry(pair, depth);
        entries.push(entry);
        own.set(entry.key.toLowerCase(), entry);
        continue;
      }
      for (const entry of this.#mergedEntries(pair, depth + 1)) {
        const before = own.get(entry.key.toLowerCase());
        if (before !== undefined) throw standsBeforeMerge(before);
        if (!merged.has(entry.key)) merged.set(entry.key, entry);
      }
    }
    return [...[...merged.values()].filter(({ key }) => !own.has(key.toLowerCase())), ...entries];
  }

  #isMerge({ key }: Pair): boolean {
    return this.#yaml.isScalar(key) && key.value === MERGE && key.type === "PLAIN";
  }

  /** What a merge key names: a mapping, or a list of them, of which the earlier ones win. */
  #mergedEntries({ key, value }: Pair, depth: number): DocumentEntry[] {
    this.#budget.spend(depth);
    const node = this.#yaml.isAlias(value) ? this.#named(value) : value;
    const sources = this.#yaml.isSeq(node) ? node.items : [node];
    return sources.flatMap((source) => {
      const map = this.#yaml.isAlias(source) ? this.#named(source) : source;
      if (this.#yaml.isMap(map)) return this.#entries(map, depth);
      const at = this.#yaml.isNode(key) ? this.#place(key).at : undefined;
      throw malformed(at, "the merge key '<<' takes a mapping or a list of mappings");
    });
  }

  #entry(pair: Pair, depth: number): DocumentEntry {
    const key = this.read(pair.key, depth + 1);
    if (key.kind !== "scalar") throw malformed(key.at, "a key must be a plain word");
    const at = key.at === undefined ? {} : { at: key.at };
    return { key: key.text, value: this.read(pair.value, depth + 1), ...at };
  }

  /**
   * What an alias names; nothing is never meant. A cycle ends at the depth, a "billion laughs" at the number of nodes.
   */
  #named(node: Alias): unknown {
    const named = node.resolve(this.#document);
    if (named !== undefined) return named;
    const place = this.#place(node).at;
    throw malformed(
      place,
      `the alias '*${shown(node.source)}' names nothing that stands before it`,
    );
  }

  #place(node: Node): { at?: Place } {
    const offset = node.range?.[0];
    return offset === undefined ? {} : { at: placeAt(this.#lines, offset) };
  }
}

/** The YAML specification lets the mapping's own key win, the library of Kuma 2.9 the one that comes last. */
function standsBeforeMerge({ key, at }: DocumentEntry): KumaError {
  const name = `'${shown(key)}'`;
  return malformed(
    at,
    `${name} stands before the merge key '<<', which brings another ${name}; write '<<' first`,
  );
}
