/**
 * Reads a configuration document (YAML or JSON) into a checked list of settings that it makes.
 *
 * @module
 */
import { errorText, KumaError } from "../errors.ts";
import { prefixed, shown } from "core/grammar/echo.ts";
import {
  type DocumentEntry,
  type DocumentNode,
  type DocumentTree,
  jsonTree,
  type Place,
} from "./document_tree.ts";
import { KINDS, type SettingValue } from "./kinds.ts";
import { nearest } from "./nearest.ts";
import { type ProxySetting, SETTINGS } from "./options.ts";
import { yamlTree } from "./yaml_tree.ts";

/** One setting that a document makes. */
export interface SettingChange {
  readonly setting: ProxySetting;
  readonly value: SettingValue;
}

/** What a document says: the settings it makes, in its order, and what a person should know. */
export interface ParsedDocument {
  readonly patch: readonly SettingChange[];
  readonly warnings: readonly string[];
}

/** Largest document that is looked at, in UTF-16 units; a generous real one has 5 KiB. */
export const MAX_DOCUMENT = 64 * 1024;
const MAX_WARNINGS = 20;

/** Known keys below each path, by their lower-case form. */
const CHILDREN: ReadonlyMap<string, ReadonlyMap<string, string>> = childrenOf(SETTINGS);
const BY_KEY: ReadonlyMap<string, ProxySetting> = new Map(
  SETTINGS.filter((setting) => setting.inDocument !== false).map((
    setting,
  ) => [setting.key, setting]),
);

function childrenOf(settings: readonly ProxySetting[]): Map<string, Map<string, string>> {
  const children = new Map<string, Map<string, string>>();
  for (const { key, inDocument } of settings) {
    if (inDocument === false) continue;
    let path = "";
    for (const name of key.split(".")) {
      const siblings = children.get(path) ?? new Map<string, string>();
      children.set(path, siblings.set(name.toLowerCase(), name));
      path = path === "" ? name : `${path}.${name}`;
    }
  }
  return children;
}

/**
 * Reads a document; an empty one changes nothing, and neither does a key with `null` or nothing behind it.
 * Keys match in any case; unknown keys are warnings that name the nearest known key, because documents of
 * newer versions must load. A known key that is there twice is refused: which one counts in Kuma 2.9 depends
 * on its spelling.
 *
 * @param name how errors and warnings call the document, such as its path.
 * @throws KumaError with `NAME:LINE:COLUMN: ` before the message: `KUMA-TP-014` for the syntax,
 * `KUMA-TP-015` for a wrong type, `KUMA-TP-016` for a document of more than 64 KiB, else the code of the
 * value's grammar.
 */
export async function parseDocument(text: string, name: string): Promise<ParsedDocument> {
  if (text.length > MAX_DOCUMENT) {
    throw new KumaError(
      "KUMA-TP-016",
      `${name}: the document has more than ${MAX_DOCUMENT} characters`,
    );
  }
  const fast = readJson(text, name);
  if (fast !== undefined) return fast;
  try {
    // Loading the package costs as much as half the program's start: only who needs it pays.
    return new DocumentReader(name).document(yamlTree(await import("./yaml_library.ts"), text));
  } catch (thrown) {
    throw located(name, thrown);
  }
}

/**
 * JSON needs no YAML parser. Where anything is to be said about it, undefined is given back, so that the
 * YAML parser says it with the place.
 */
function readJson(text: string, name: string): ParsedDocument | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const root = jsonTree(text);
    if (root === undefined) return undefined;
    const parsed = new DocumentReader(name).document({ root, warnings: [] });
    return parsed.warnings.length === 0 ? parsed : undefined;
  } catch (thrown) {
    if (thrown instanceof KumaError) return undefined;
    throw thrown;
  }
}

function located(name: string, thrown: unknown): unknown {
  const glue = /^\d+:\d+: /.test(errorText(thrown)) ? ":" : ": ";
  return prefixed(`${name}${glue}`, thrown);
}

/** Walks the tree along the known keys. */
class DocumentReader {
  readonly #name: string;
  readonly #patch: SettingChange[] = [];
  readonly #warnings: string[] = [];
  #unknown = 0;

  constructor(name: string) {
    this.#name = name;
  }

  document({ root, warnings }: DocumentTree): ParsedDocument {
    this.#warnings.push(...warnings.map((warning) => `${this.#name}:${warning}`));
    this.#section("", root);
    const more = this.#unknown - MAX_WARNINGS;
    if (more > 0) this.#warnings.push(`${this.#name}: ${more} more unknown keys are ignored`);
    return { patch: this.#patch, warnings: this.#warnings };
  }

  #section(path: string, node: DocumentNode): void {
    // `redirect:` with everything below it commented out is nothing, as in Kuma 2.9.
    if (node.kind === "null") return;
    if (node.kind !== "map") {
      const what = path === "" ? "the document" : `'${path}'`;
      throw new KumaError(
        "KUMA-TP-015",
        `${place(node.at)}${what} must be a mapping of keys to values`,
      );
    }
    const seen = new Map<string, DocumentEntry>();
    for (const entry of node.entries) {
      const known = CHILDREN.get(path)?.get(entry.key.toLowerCase());
      if (known === undefined) {
        this.#warn(path, entry.key, entry.at);
        continue;
      }
      const before = seen.get(known);
      if (before !== undefined) throw twice(path, before, entry);
      seen.set(known, entry);
      this.#value(path === "" ? known : `${path}.${known}`, entry.value, entry.at);
    }
  }

  #value(key: string, node: DocumentNode, keyAt: Place | undefined): void {
    const setting = BY_KEY.get(key);
    if (setting === undefined) return this.#section(key, node);
    if (node.kind === "null") return;
    try {
      this.#patch.push({ setting, value: KINDS[setting.kind].yaml(node) });
    } catch (thrown) {
      throw prefixed(`${place(node.at ?? keyAt)}${key}: `, thrown);
    }
  }

  #warn(path: string, key: string, at: Place | undefined): void {
    this.#unknown++;
    if (this.#unknown > MAX_WARNINGS) return;
    const siblings = [...CHILDREN.get(path)?.values() ?? []];
    const guess = nearest(key, siblings);
    const full = (name: string) => path === "" ? name : `${path}.${name}`;
    const where = at === undefined ? `${this.#name}: ` : `${this.#name}:${place(at)}`;
    const hint = guess === undefined ? "" : `; the nearest known key is '${full(guess)}'`;
    this.#warnings.push(`${where}unknown key '${shown(full(key))}' is ignored${hint}`);
  }
}

function twice(path: string, before: DocumentEntry, again: DocumentEntry): KumaError {
  const full = shown(path === "" ? again.key : `${path}.${again.key}`);
  const first = before.key === again.key ? "the first is" : `'${shown(before.key)}' is`;
  const where = before.at === undefined ? "" : `; ${first} in line ${before.at.line}`;
  return new KumaError(
    "KUMA-TP-014",
    `${place(again.at)}the key '${full}' is there twice${where}`,
  );
}

function place(at: Place | undefined): string {
  return at === undefined ? "" : `${at.line}:${at.column}: `;
}
