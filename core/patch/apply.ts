/**
 * Applies operations to a container as RFC 6902 says, with the two liberties that Kuma's users know:
 * `add` makes the parents it misses, and a negative index counts from the end of a list.
 *
 * @module
 */
import jsonpatch from "fast-json-patch";
import { KumaError, oneLine } from "../errors.ts";
import { isObject, type Json, jsonCopy, type JsonObject } from "./json.ts";
import type { PatchOperation, PatchVerb } from "./operation.ts";
import { formatPointer, parsePointer } from "./pointer.ts";

/** Applies one operation to a copy of `container`. Throws `KUMA-WH-012` saying what is not there. */
export function applyOperation(container: JsonObject, operation: PatchOperation): JsonObject {
  const copy = jsonCopy(container);
  if (operation.op === "add") makeParents(copy, operation.tokens);
  const step = located(copy, operation);
  let result: Json;
  try {
    result = jsonpatch.applyOperation<Json>(copy, step, true, true, true).newDocument;
  } catch (cause) {
    throw failure(operation, reason(cause, operation.op));
  }
  if (!isObject(result)) throw failure(operation, "the result is no container");
  return result;
}

/** The operation as the library takes it: negative indices resolved, its value copied. */
function located(document: JsonObject, operation: PatchOperation) {
  const path = formatPointer(positive(document, operation.tokens, operation));
  const { op } = operation;
  if (op === "remove") return { op, path } as const;
  if (op === "add" || op === "replace") {
    return { op, path, value: jsonCopy(operation.value ?? null) } as const;
  }
  const from = formatPointer(positive(document, parsePointer(operation.from ?? ""), operation));
  return { op, path, from } as const;
}

/**
 * Replaces every negative index by the one it stands for: in `[a, b]`, `-1` is b. For `add` it stands
 * for the place after the item, so `/env/-1` appends, as Kuma's library has it.
 */
function positive(document: Json, tokens: readonly string[], operation: PatchOperation): string[] {
  let at: Json | undefined = document;
  return tokens.map((token, depth) => {
    let name = token;
    if (Array.isArray(at) && /^-[1-9][0-9]{0,8}$/.test(token)) {
      const inserts = operation.op === "add" && depth === tokens.length - 1;
      const index = at.length + Number(token) + (inserts ? 1 : 0);
      if (index < 0) throw failure(operation, `the list has ${at.length} items, no item ${token}`);
      name = String(index);
    }
    at = child(at, name);
    return name;
  });
}

function child(value: Json | undefined, token: string): Json | undefined {
  if (Array.isArray(value)) {
    return /^(0|[1-9][0-9]*)$/.test(token) ? value[Number(token)] : undefined;
  }
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

/** Makes the objects and lists between the root and the last token that are not there yet. */
function makeParents(document: JsonObject, tokens: readonly string[]): void {
  let at: Json = document;
  for (let depth = 0; depth + 1 < tokens.length; depth++) {
    const token = tokens[depth] ?? "";
    const next = child(at, token);
    if (next !== undefined && next !== null) {
      at = next;
      continue;
    }
    const made: Json = /^(-|0|-1)$/.test(tokens[depth + 1] ?? "") ? [] : {};
    if (isObject(at)) at[token] = made;
    else if (Array.isArray(at) && (token === "-" || token === String(at.length))) at.push(made);
    else return; // Not a parent that `add` may make: the library says what is wrong with it.
    at = made;
  }
}

const NO_PARENT = "its parent does not exist or is no object or list";

/** The library's error codes, in words a person can act on. */
const REASONS: Readonly<Record<string, string>> = {
  OPERATION_PATH_UNRESOLVABLE: "the container has no such field",
  OPERATION_PATH_CANNOT_ADD: NO_PARENT,
  OPERATION_FROM_UNRESOLVABLE: "the container has no field to take the value from",
  OPERATION_PATH_ILLEGAL_ARRAY_INDEX: "a list is indexed by a number or -",
  OPERATION_VALUE_OUT_OF_BOUNDS: "the index is beyond the end of the list",
};

function reason(thrown: unknown, op: PatchVerb): string {
  if (!(thrown instanceof Error)) return oneLine(String(thrown));
  // Only these two need the place itself to exist; the others need its parent.
  const needsField = op === "remove" || op === "replace";
  if (thrown.name === "OPERATION_PATH_UNRESOLVABLE" && !needsField) return NO_PARENT;
  return REASONS[thrown.name] ?? oneLine(thrown.message).slice(0, 200);
}

function failure(operation: PatchOperation, why: string): KumaError {
  const from = operation.from === undefined ? "" : ` from ${operation.from}`;
  return new KumaError(
    "KUMA-WH-012",
    `${operation.op} ${operation.path === "" ? '""' : operation.path}${from}: ${why}`,
  );
}
