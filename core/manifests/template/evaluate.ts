/**
 * Makes plain objects of a tree.
 *
 * @module
 */
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import {
  Environment,
  Expression,
  isList,
  isMap,
  type Node,
  type Operation,
  TRUE_WORDS,
  When,
} from "./node.ts";

/** What a tree is evaluated with. */
export interface Scope {
  readonly namespace: string;
  /** All values, defaults included. */
  readonly values: JsonObject;
  /** SHA-256 of a text, hex: a pure room has no digests of its own. */
  readonly sha256: (text: string) => string;
}

/** For trees that depend on nothing. */
export const NO_SCOPE: Scope = {
  namespace: "",
  values: {},
  sha256: () => {
    throw new TypeError("there is no digest in this scope");
  },
};

/** The plain data of a tree. Undefined members are left out. */
export function evaluate(node: Node, scope: Scope): Json {
  if (node instanceof Expression) return compute(node.operation, scope);
  if (node instanceof Environment) return environment(node, scope);
  if (node instanceof When) throw new TypeError("a condition stands where no member is");
  if (isList(node)) return members(node, scope);
  if (!isMap(node)) return node as Json;
  const entries: [string, Json][] = [];
  for (const [key, member] of Object.entries(node)) {
    if (member === undefined) continue;
    if (!(member instanceof When)) entries.push([key, evaluate(member, scope)]);
    else if (isTrue(evaluate(member.test, scope))) {
      entries.push([key, evaluate(member.then, scope)]);
    }
  }
  return Object.fromEntries(entries);
}

function members(list: readonly Node[], scope: Scope): Json[] {
  return list.flatMap((member) => {
    if (member === undefined) return [];
    if (!(member instanceof When)) return [evaluate(member, scope)];
    return isTrue(evaluate(member.test, scope)) ? [evaluate(member.then, scope)] : [];
  });
}

/** Helm's reading of a value as a condition. */
export function isTrue(value: Json): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** The value at a dotted path, null where there is none. */
export function valueAt(values: JsonObject, path: string): Json {
  let at: Json = values;
  for (const key of path.split(".")) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return null;
    at = at[key] ?? null;
  }
  return at;
}

function compute(operation: Operation, scope: Scope): Json {
  const of = (node: Node) => evaluate(node, scope);
  switch (operation.op) {
    case "value":
      return valueAt(scope.values, operation.path);
    case "namespace":
      return scope.namespace;
    case "text":
      return operation.parts.map((part) => String(of(part) ?? "")).join("");
    case "first":
      return operation.of.map(of).find(isTrue) ?? null;
    case "either":
      return isTrue(of(operation.test)) ? of(operation.yes) : of(operation.no);
    case "not":
      return !isTrue(of(operation.of));
    case "and":
      return operation.of.every((one) => isTrue(of(one)));
    case "or":
      return operation.of.some((one) => isTrue(of(one)));
    case "equal":
      return String(of(operation.left)) === String(of(operation.right));
    case "overlay":
      return overlaid(operation.of.map(of));
    case "concat":
      return operation.of.flatMap((one) => of(one) as Json[]);
    case "references":
      return (of(operation.of) as Json[]).map((name) => ({ name }));
    case "switched": {
      const map = of(operation.map);
      const set = isObject(map) ? map[operation.name] : undefined;
      return set === undefined || set === null
        ? isTrue(of(operation.initial))
        : TRUE_WORDS.includes(String(set));
    }
    case "json":
      return JSON.stringify(sorted(of(operation.of)));
    case "sha256":
      return scope.sha256(String(of(operation.of)));
  }
}

/** Maps laid over each other; null removes. */
function overlaid(maps: readonly Json[]): JsonObject {
  const all = new Map<string, Json>();
  for (const map of maps) {
    for (const [key, member] of Object.entries(isObject(map) ? map : {})) {
      if (member === null) all.delete(key);
      else all.set(key, member);
    }
  }
  return Object.fromEntries(all);
}

function environment({ entries, own, users }: Environment, scope: Scope): Json[] {
  const ours = evaluate(own, scope) as JsonObject;
  const all = overlaid([ours, evaluate(users, scope)]);
  const names = Object.keys(all).sort((a, b) => a < b ? -1 : 1);
  return [
    ...evaluate(entries, scope) as Json[],
    ...names.map((name) => ({ name, value: String(all[name]) })),
  ];
}

/** The same data with the keys of all maps in order, as Go writes maps. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).sort((a, b) => a < b ? -1 : 1);
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] ?? null)]));
}
