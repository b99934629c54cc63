/**
 * Where things lie in the text of a CNI config file. It reads more than a runtime does (comments, trailing
 * commas, a BOM), since what we edit must come back unchanged whatever it is; what a runtime accepts is
 * decided in `choose.ts`.
 *
 * @module
 */
import { createScanner, type Node, parseTree } from "jsonc-parser";
import { KumaError } from "core/errors.ts";
import { bomLength, bytesOf } from "./byte_text.ts";

/** The `type` of the plugin that is ours. */
export const PLUGIN_TYPE = "kuma-cni";

/** Largest config file that is read, in bytes; a real one has a few kilobytes. */
export const LARGEST_CONFIG = 1024 * 1024;

/** Token kinds of the scanner (its `SyntaxKind`, a const enum that cannot be imported here). */
const TOKEN = { comma: 5, lineComment: 12, blockComment: 13, end: 17 } as const;

/** One element of `plugins`: where it starts, where it ends (exclusive), and its `type`. */
export interface PluginSpan {
  readonly start: number;
  readonly end: number;
  readonly type: string | undefined;
}

/** The parts of a config list that an edit needs; offsets are positions in the text. */
export interface ConfigList {
  /** Just after the `[` of `plugins`. */
  readonly open: number;
  /** Position of the `]` of `plugins`. */
  readonly close: number;
  readonly plugins: readonly PluginSpan[];
}

/** The one object that a text consists of. */
export interface ConfigObject {
  readonly node: Node;
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the object that the text is.
 *
 * @throws {KumaError} `KUMA-INS-001` when the text is empty, too large, damaged, or not an object
 */
export function readObject(text: string): ConfigObject {
  if (text.length > LARGEST_CONFIG) throw bad(`it has more than ${LARGEST_CONFIG} bytes`);
  const bom = bomLength(text);
  // A BOM counts as blanks, so that offsets stay those of the text.
  const body = bom === 0 ? text : " ".repeat(bom) + text.slice(bom);
  const errors: { offset: number }[] = [];
  const node = parse(body, errors as Parameters<typeof parseTree>[1]);
  const first = errors[0];
  if (first !== undefined) throw bad(`it is no JSON from byte ${first.offset} on`);
  if (node === undefined) throw bad("it is empty");
  if (node.type !== "object") throw bad(`it holds a JSON ${node.type}, not an object`);
  return { node, start: node.offset, end: node.offset + node.length };
}

/**
 * Finds `plugins` and its elements.
 *
 * @throws {KumaError} `KUMA-INS-001` as {@linkcode readObject}; `KUMA-INS-002` when `plugins` is missing, is
 * no array, or holds something that is no object
 */
export function readList(text: string): ConfigList {
  const list = property(readObject(text).node, "plugins");
  if (list?.type !== "array") throw noList(`it has no array "plugins"`);
  const plugins = (list.children ?? []).map((child) => {
    if (child.type !== "object") throw noList(`"plugins" holds a ${child.type}, not only objects`);
    return { start: child.offset, end: child.offset + child.length, type: stringIn(child, "type") };
  });
  return { open: list.offset + 1, close: list.offset + list.length - 1, plugins };
}

/** The string value of a key, or undefined where there is none; of repeated keys the last, as in Go. */
export function stringIn(object: Node, key: string): string | undefined {
  const value = property(object, key);
  return typeof value?.value === "string" ? value.value : undefined;
}

/** True when the object has the key. */
export function hasKey(object: Node, key: string): boolean {
  return property(object, key) !== undefined;
}

/** The JSON value that a stretch of byte text holds. */
export function valueOf(text: string, span: { start: number; end: number }): unknown {
  const own = new TextDecoder().decode(bytesOf(text.slice(span.start, span.end)));
  try {
    return JSON.parse(own);
  } catch (error) {
    // Somebody put a comment into it: then it is not what we wrote.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What lies between two elements: where its comma is, and whether it holds a comment. */
export function readGap(text: string, start: number, end: number): {
  comma: number | undefined;
  comment: boolean;
} {
  const scanner = createScanner(text.slice(start, end), false);
  let comma: number | undefined;
  let comment = false;
  for (let kind: number = scanner.scan(); kind !== TOKEN.end; kind = scanner.scan()) {
    if (kind === TOKEN.comma) comma ??= start + scanner.getTokenOffset();
    if (kind === TOKEN.lineComment || kind === TOKEN.blockComment) {
      comment = true;
    }
  }
  return { comma, comment };
}

function parse(body: string, errors: Parameters<typeof parseTree>[1]): Node | undefined {
  try {
    return parseTree(body, errors, { allowTrailingComma: true });
  } catch (error) {
    if (error instanceof RangeError) throw bad("it is nested too deeply");
    throw error;
  }
}

function property(object: Node, key: string): Node | undefined {
  const found = (object.children ?? []).filter((child) => child.children?.[0]?.value === key);
  return found.at(-1)?.children?.[1];
}

function bad(why: string): KumaError {
  return new KumaError("KUMA-INS-001", `Cannot read the CNI config: ${why}`, {
    hint: "wait until the cluster's CNI has written it, or mend it",
  });
}

function noList(why: string): KumaError {
  return new KumaError("KUMA-INS-002", `Cannot use the file as a CNI config list: ${why}`);
}
