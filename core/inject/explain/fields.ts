/**
 * The fields in which two pods differ, each under a path that a person can read.
 *
 * @module
 */
import { isObject, type Json, jsonEqual, type JsonObject, scalarText } from "core/patch/json.ts";

/** A field that was added or changed; `undefined` stands for one that was removed. */
export interface Field {
  /** `spec.containers[kuma-sidecar].env[POD_NAME]`: items of lists go by their names. */
  readonly path: string;
  readonly value: string | undefined;
}

/** Lists whose items are shown whole: their members say nothing alone. */
const WHOLE_ITEMS = ["env", "volumeMounts", "volumes"];

/** The differences, in the order of `after`; what only `before` has comes after its siblings. */
export function changedFields(before: Json | undefined, after: Json, path = ""): Field[] {
  if (jsonEqual(before, after)) return [];
  const old = membersOf(before, path);
  const now = membersOf(after, path);
  if (now === undefined) return [{ path, value: shown(after) }];
  const fields = [...now].flatMap(([key, value]) =>
    changedFields(old?.get(key), value, inside(path, after, key))
  );
  const removed = [...old ?? []].filter(([key]) => !now.has(key)).map(([key]) => ({
    path: inside(path, after, key),
    value: undefined,
  }));
  return [...fields, ...removed];
}

/** Members of an object, or items of a list by what they are called; `undefined` for a leaf. */
function membersOf(value: Json | undefined, path: string): Map<string, Json> | undefined {
  const list = /([A-Za-z]+)\[[^\]]*\]$/.exec(path)?.[1] ?? "";
  if (WHOLE_ITEMS.includes(list)) return undefined;
  if (isObject(value)) {
    return Object.keys(value).length === 0 ? undefined : new Map(Object.entries(value));
  }
  if (!Array.isArray(value)) return undefined;
  if (value.length > 0 && value.every((item) => isObject(item) && typeof item.name === "string")) {
    return new Map(value.map((item) => [String((item as JsonObject).name), item]));
  }
  // Arguments: flags go by their names, one that is repeated is shown as often.
  if (!path.endsWith(".args")) return undefined;
  const flags = new Map<string, Json>();
  for (const item of withValues(value.map(scalarText))) {
    const flag = item.split(/[= ]/)[0] ?? "";
    const known = flags.get(flag);
    flags.set(flag, known === undefined ? item : [known, item].flat());
  }
  return flags;
}

/** `--flag` and its value as one text, where they are two arguments. */
function withValues(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const [at, item] of args.entries()) {
    const before = args[at - 1] ?? "";
    const isValue = /^--[^=]+$/.test(before) && !item.startsWith("--");
    if (isValue) joined[joined.length - 1] = `${before} ${item}`;
    else joined.push(item);
  }
  return joined;
}

function inside(path: string, parent: Json, key: string): string {
  if (Array.isArray(parent) || /(annotations|labels|limits|requests)$/.test(path)) {
    return `${path}[${key}]`;
  }
  return path === "" ? key : `${path}.${key}`;
}

/** The value on one line; of a variable only what it is. */
function shown(item: Json): string {
  let value = item;
  if (isObject(value) && Object.hasOwn(value, "value")) value = value.value ?? "";
  else if (isObject(value) && isObject(value.valueFrom)) value = value.valueFrom;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = text.replaceAll(/\s*\n\s*/g, " ").trim();
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
