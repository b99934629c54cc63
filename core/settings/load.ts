/**
 * Reads a program's table of settings: the control plane's YAML document, the environment over it, defaults
 * below both.
 *
 * The transparent proxy's settings are merged by `core/proxy/sources.ts`, which says why.
 *
 * @module
 */
import { type ErrorCode, errorText, KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import { isObject, type Json } from "core/patch/json.ts";
import { type PlainDocument, plainDocument } from "./plain_document.ts";
import type { Setting } from "./setting.ts";

/** A program's settings: its own names, and for each where it is found and how it is read. */
// deno-lint-ignore no-explicit-any -- a table holds settings of many types; `unknown` would refuse them all
export type SettingTable = Readonly<Record<string, Setting<any>>>;

/** The values of a table's settings. */
export type Values<T extends SettingTable> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never;
};

/** The settings, where each value comes from, and what a person should know. */
export interface LoadedSettings<T extends SettingTable> {
  readonly settings: Values<T>;
  /** `default`, the variable's name, or `FILE: key`. */
  readonly origins: Readonly<Record<keyof T, string>>;
  readonly warnings: readonly string[];
}

/** The document to read: its text and how errors call it. */
export interface SettingsDocument {
  readonly name: string;
  readonly text: string;
}

/** How a program reads its table. */
export interface LoadOptions {
  /** The code of the error that names a bad key or variable. */
  readonly code: ErrorCode;
  /** Keys below this one that neither the table nor `knownElsewhere` has are warned about. */
  readonly root: string;
  /** Keys below `root` that mean nothing to this program and that others know. */
  readonly knownElsewhere: readonly string[];
  /** Who reads, for the warning: `the webhook`. */
  readonly reader: string;
}

/**
 * Merges the sources: a document in the control plane's shape, the environment over it, defaults below
 * both. Unknown keys outside `root` are left to the control plane. Throws an error of `options.code`
 * naming the key or variable.
 */
export function loadSettings<T extends SettingTable>(
  table: T,
  options: LoadOptions,
  document: SettingsDocument | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedSettings<T> {
  const { value: tree, warnings } = document === undefined
    ? { value: {}, warnings: [] }
    : readDocument(document, options.code);
  const values: [string, unknown][] = [];
  const origins: [string, string][] = [];
  for (const [name, setting] of Object.entries(table) as [string, Setting<unknown>][]) {
    const source = { setting, file: document?.name ?? "", tree, environment, code: options.code };
    const [value, origin] = read(source);
    values.push([name, value]);
    origins.push([name, origin]);
  }
  return {
    settings: Object.fromEntries(values) as unknown as Values<T>,
    origins: Object.fromEntries(origins) as Record<keyof T, string>,
    warnings: [...warnings, ...unknownKeys(table, options, tree)],
  };
}

interface Source {
  setting: Setting<unknown>;
  file: string;
  tree: Json;
  environment: Readonly<Record<string, string | undefined>>;
  code: ErrorCode;
}

function read({ setting, file, tree, environment, code }: Source): [unknown, string] {
  const text = environment[setting.env];
  if (text !== undefined && (text !== "" || setting.kind.emptyIsValue)) {
    return [wrapped(code, setting.env, () => setting.kind.text(text)), setting.env];
  }
  const value = wrapped(code, file, () => lookUp(tree, setting.key));
  if (value === undefined) return [setting.initial, "default"];
  const origin = `${file}: ${setting.key}`;
  return [wrapped(code, origin, () => setting.kind.yaml(value, setting.initial)), origin];
}

function wrapped<T>(code: ErrorCode, origin: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new KumaError(code, `${origin}: ${errorText(cause)}`, { cause });
  }
}

/**
 * Walks a dotted path, in any case as Kuma does; keys that hold dots themselves (labels) are only below
 * `exceptions.labels`. Throws where a key is there in two spellings, of which Kuma takes parts of both.
 */
function lookUp(tree: Json, key: string): Json | undefined {
  let at: Json | undefined = tree;
  for (const name of key.split(".")) {
    if (!isObject(at)) return undefined;
    const wanted = name.toLowerCase();
    const [found, other]: string[] = Object.keys(at).filter((own) => own.toLowerCase() === wanted);
    if (found === undefined) return undefined;
    if (other !== undefined) {
      throw new SyntaxError(`the key ${shown(found)} is there twice, as ${shown(other)} too`);
    }
    at = at[found];
  }
  return at;
}

function readDocument({ name, text }: SettingsDocument, code: ErrorCode): PlainDocument {
  let document: PlainDocument;
  try {
    document = plainDocument(text);
  } catch (cause) {
    const message = cause instanceof KumaError ? cause.message : errorText(cause);
    const glue = /^[0-9]+:[0-9]+: /.test(message) ? ":" : ": ";
    throw new KumaError(code, `${name}${glue}${message}`, { cause });
  }
  const { value, warnings } = document;
  if (value !== null && !isObject(value)) {
    throw new KumaError(code, `${name}: the document must be a map of settings`);
  }
  return { value: value ?? {}, warnings: warnings.map((warning) => `${name}:${warning}`) };
}

function unknownKeys(table: SettingTable, options: LoadOptions, tree: Json): string[] {
  const { root, knownElsewhere, reader } = options;
  const known = [...Object.values(table).map((setting) => setting.key), ...knownElsewhere].map((
    key,
  ) => key.toLowerCase());
  const unknown: string[] = [];
  const walk = (value: Json | undefined, path: string) => {
    const folded = path.toLowerCase();
    // A section with nothing in it sets nothing.
    if (value === null || known.includes(folded)) return;
    if (!isObject(value) || !known.some((key) => key.startsWith(`${folded}.`))) {
      unknown.push(path);
      return;
    }
    for (const [key, member] of Object.entries(value)) walk(member, `${path}.${key}`);
  };
  const below = lookUp(tree, root);
  if (isObject(below)) walk(below, root);
  return unknown.map((path) => `${path} is not a setting of ${reader} and has no effect`);
}
