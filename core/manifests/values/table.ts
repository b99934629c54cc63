/**
 * Every value, once: what `--dump-values`, the chart's `values.yaml` and its schema, the checks and the
 * documentation are made of.
 *
 * @module
 */
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { CNI_VALUES } from "./cni.ts";
import { CONTROL_PLANE_VALUES } from "./control_plane.ts";
import type { ValueDefinition } from "./definition.ts";

/** The table. */
export const VALUES: readonly ValueDefinition[] = [...CONTROL_PLANE_VALUES, ...CNI_VALUES];

/** True for a value that changes what is installed. */
export function counts({ meaning }: ValueDefinition): boolean {
  return meaning === "taken" || meaning === "differs" || meaning === "ours";
}

/** The defaults of all values that count, as one tree. */
export function defaultValues(): JsonObject {
  const tree: JsonObject = {};
  for (const definition of VALUES.filter(counts)) {
    const keys = definition.path.split(".");
    const last = keys.pop() ?? "";
    let at = tree;
    for (const key of keys) at = (at[key] ??= {}) as JsonObject;
    at[last] = structuredClone(definition.initial);
  }
  return tree;
}

/**
 * The line that says what the value at `path` is: that of its own path, or one above it that covers all below.
 * Undefined where nothing of that name exists, and for the folder of others.
 */
export function definitionAt(path: string): ValueDefinition | undefined {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const found = VALUES.find((one) => one.path === at);
    if (found === undefined) continue;
    return at === path || ["map", "list", "any"].includes(found.kind) ? found : undefined;
  }
  return undefined;
}

/** True where values of the table stand below `path`. */
export function isFolder(path: string): boolean {
  return VALUES.some((one) => one.path.startsWith(`${path}.`));
}

/** Maps merge key by key, all else is replaced; a null in `over` takes the key away, as Helm does. */
export function mergeValues(under: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...under };
  for (const [key, member] of Object.entries(over)) {
    const below: Json | undefined = merged[key];
    if (member === null) delete merged[key];
    else merged[key] = isObject(member) && isObject(below) ? mergeValues(below, member) : member;
  }
  return merged;
}

/** {@linkcode mergeValues} that keeps a null for who merges later: in a source it means to take a default away. */
export function mergeKeepingNulls(under: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...under };
  for (const [key, member] of Object.entries(over)) {
    const below: Json | undefined = merged[key];
    merged[key] = isObject(member) && isObject(below)
      ? mergeKeepingNulls(below, member)
      : structuredClone(member);
  }
  return merged;
}
