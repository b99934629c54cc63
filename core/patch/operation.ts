/**
 * One operation of a ContainerPatch: read strictly, its `value` parsed as the JSON text that it is.
 *
 * @module
 */
import { KumaError, oneLine } from "../errors.ts";
import { deeperThan, isObject, type Json } from "./json.ts";
import { parsePointer } from "./pointer.ts";

/** The operations that a ContainerPatch may hold; RFC 6902 without `test`. */
export const PATCH_OPERATIONS = ["add", "remove", "replace", "move", "copy"] as const;

/** Levels that a patched container may have; Kubernetes' own reaches seven. */
export const MAX_DEPTH = 32;

/** Name of an operation. */
export type PatchVerb = typeof PATCH_OPERATIONS[number];

/** One operation with nothing left to parse. */
export interface PatchOperation {
  readonly op: PatchVerb;
  readonly path: string;
  /** Tokens of `path`. */
  readonly tokens: readonly string[];
  /** Where `move` and `copy` read. */
  readonly from?: string;
  /** What `add` and `replace` write. */
  readonly value?: Json;
}

/** The fields of an operation that can be wrong. */
export type OperationField = "" | "op" | "path" | "from" | "value";

/** An operation that can never work, and the field that is to blame. */
export class OperationError extends KumaError {
  readonly field: OperationField;

  constructor(field: OperationField, message: string, hint?: string) {
    super("KUMA-WH-010", message, hint === undefined ? {} : { hint });
    this.field = field;
  }
}

/** Reads one element of `sidecarPatch` or `initPatch`. Throws an {@linkcode OperationError}. */
export function parseOperation(raw: Json): PatchOperation {
  if (!isObject(raw)) throw new OperationError("", "an operation must be an object");
  const op = PATCH_OPERATIONS.find((verb) => verb === raw.op);
  if (op === undefined) {
    throw new OperationError(
      "op",
      `${shown(raw.op)} is not an operation`,
      `use ${PATCH_OPERATIONS.join(", ")}`,
    );
  }
  const { path } = raw;
  if (typeof path !== "string") throw new OperationError("path", "a path is required");
  const tokens = pointer("path", path);
  if (op === "remove") {
    if (tokens.length === 0) throw new OperationError("path", "the container cannot be removed");
    return { op, path, tokens };
  }
  if (op === "move" || op === "copy") return { op, path, tokens, from: parseFrom(op, raw.from) };
  return { op, path, tokens, value: parseValue(op, raw.value) };
}

function parseFrom(op: PatchVerb, from: Json | undefined): string {
  if (typeof from !== "string" || from === "") {
    throw new OperationError("from", `${op} needs a path to take the value from`);
  }
  pointer("from", from);
  return from;
}

function parseValue(op: PatchVerb, value: Json | undefined): Json {
  if (typeof value !== "string" || value.trim() === "") {
    throw new OperationError("value", `${op} needs a value`, "write JSON text, null for no value");
  }
  let parsed: Json;
  try {
    parsed = JSON.parse(value) as Json;
  } catch (cause) {
    throw new OperationError(
      "value",
      `${shown(value)} is not JSON (${oneLine((cause as Error).message)})`,
      "a text needs quotes of its own inside the value: '\"100m\"'",
    );
  }
  if (!deeperThan(parsed, MAX_DEPTH)) return parsed;
  throw new OperationError("value", `the value is nested deeper than ${MAX_DEPTH}`);
}

function pointer(field: "path" | "from", text: string): string[] {
  try {
    const tokens = parsePointer(text);
    if (tokens.length <= MAX_DEPTH) return tokens;
    throw new OperationError(field, `the path is deeper than ${MAX_DEPTH}`);
  } catch (thrown) {
    if (!(thrown instanceof KumaError) || thrown instanceof OperationError) throw thrown;
    throw new OperationError(field, thrown.message);
  }
}

function shown(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
