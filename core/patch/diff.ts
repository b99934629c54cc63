/**
 * The JSON Patch (RFC 6902) from one document to another, as small as a person would write it: only what
 * differs, with items that were put into a list added there instead of the list being rewritten.
 *
 * @module
 */
import { isObject, type Json, jsonEqual, type JsonObject } from "./json.ts";
import { formatPointer } from "./pointer.ts";

/** An operation that makes a difference; moves and copies are not looked for. */
export type DiffOperation =
  | { op: "add" | "replace"; path: string; value: Json }
  | { op: "remove"; path: string };

type Path = readonly (string | number)[];

/** Operations that turn `before` into `after`, in order; none where they are equal. */
export function jsonDiff(before: Json, after: Json): DiffOperation[] {
  const operations: DiffOperation[] = [];
  walk(before, after, [], operations);
  return operations;
}

function walk(before: Json, after: Json, path: Path, out: DiffOperation[]): void {
  if (jsonEqual(before, after)) return;
  if (isObject(before) && isObject(after)) return walkObject(before, after, path, out);
  if (Array.isArray(before) && Array.isArray(after)) {
    const matches = matching(before, after);
    if (matches !== undefined) return walkList(before, after, matches, path, out);
  }
  out.push({ op: "replace", path: formatPointer(path), value: after });
}

function walkObject(before: JsonObject, after: JsonObject, path: Path, out: DiffOperation[]): void {
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) out.push({ op: "remove", path: formatPointer([...path, key]) });
  }
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (old === undefined) out.push({ op: "add", path: formatPointer([...path, key]), value });
    else walk(old, value, [...path, key], out);
  }
}

/**
 * For each item of `after` the index of the item of `before` that it continues, or -1 for a new one.
 * `undefined` where the lists are better replaced: items vanished, changed places, or cannot be told
 * apart.
 */
function matching(before: readonly Json[], after: readonly Json[]): number[] | undefined {
  const same = identical(before) && identical(after) ? sameName : jsonEqual;
  let next = 0;
  const matches = after.map((item) => {
    const old = before[next];
    return old !== undefined && same(old, item) ? next++ : -1;
  });
  return next === before.length && next > 0 ? matches : undefined;
}

function walkList(
  before: readonly Json[],
  after: readonly Json[],
  matches: readonly number[],
  path: Path,
  out: DiffOperation[],
): void {
  for (const [at, value] of after.entries()) {
    const match = matches[at] ?? -1;
    if (match < 0) out.push({ op: "add", path: formatPointer([...path, at]), value });
    else walk(before[match] ?? null, value, [...path, at], out);
  }
}

/** All items are objects with a name of their own: containers, volumes, variables. */
function identical(list: readonly Json[]): boolean {
  const names = list.map((item) => isObject(item) ? item.name : undefined);
  return names.every((name) => typeof name === "string") && new Set(names).size === names.length;
}

function sameName(left: Json, right: Json): boolean {
  return isObject(left) && isObject(right) && left.name === right.name;
}
