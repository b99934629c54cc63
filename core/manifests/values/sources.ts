/**
 * Where values come from, and which wins: the environment's < flags < files, in their order < `--set`, in theirs.
 * That a file wins over a flag is Kuma's.
 *
 * Kong Mesh's chart has Kuma's below `kuma`: each source may write its values there as well.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { isObject, jsonEqual, type JsonObject } from "core/patch/json.ts";
import { assign, type Assignment, parseSet, pathText } from "./set_grammar.ts";
import { mergeKeepingNulls } from "./table.ts";

/** The sources, none of them checked yet. */
export interface ValueSources {
  readonly environment: JsonObject;
  readonly flags: JsonObject;
  readonly files: readonly { readonly name: string; readonly tree: JsonObject }[];
  readonly sets: readonly string[];
}

const PREFIX = "kuma";

/**
 * All of them as one tree.
 *
 * @throws {KumaError} `KUMA-CP-001` for a `--set`, `-008` for a file that says a value twice, differently
 */
export function mergeSources({ environment, flags, files, sets }: ValueSources): JsonObject {
  let tree = mergeKeepingNulls(environment, flags);
  for (const file of files) tree = mergeKeepingNulls(tree, withoutPrefix(file.tree, file.name));
  for (const line of sets) assign(tree, parseSet(line).map(unprefixed));
  return tree;
}

function unprefixed(assignment: Assignment): Assignment {
  const [head, ...rest] = assignment.path;
  return head === PREFIX && rest.length > 0 ? { ...assignment, path: rest } : assignment;
}

/** The tree with what stands below `kuma` at its top. */
function withoutPrefix(tree: JsonObject, name: string): JsonObject {
  const { [PREFIX]: below, ...rest } = tree;
  if (!isObject(below)) return tree;
  const twice = conflict(rest, below, []);
  if (twice !== undefined) {
    throw new KumaError(
      "KUMA-CP-008",
      `${name}: ${twice} and ${PREFIX}.${twice} say different things`,
    );
  }
  return mergeKeepingNulls(rest, below);
}

function conflict(one: JsonObject, other: JsonObject, path: string[]): string | undefined {
  for (const [key, member] of Object.entries(one)) {
    const theirs = other[key];
    if (theirs === undefined) continue;
    const at = [...path, key];
    if (isObject(member) && isObject(theirs)) {
      const found = conflict(member, theirs, at);
      if (found !== undefined) return found;
    } else if (!jsonEqual(member, theirs)) return pathText(at);
  }
  return undefined;
}
