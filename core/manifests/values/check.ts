/**
 * Holds what a person says to the table of values: names, types, forms, and what is done here at all.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import { isObject, type Json, jsonEqual, type JsonObject } from "core/patch/json.ts";
import { nearest } from "core/proxy/nearest.ts";
import { FORMS, type ValueDefinition } from "./definition.ts";
import { definitionAt, isFolder, VALUES } from "./table.ts";

/** Values as the objects take them, and what their author should know. */
export interface CheckedValues {
  readonly values: JsonObject;
  readonly warnings: readonly string[];
}

/**
 * Reads a tree of values strictly. Scalars become what their line of the table says: `--set controlPlane.zone=1` is a
 * text. A null is the empty value of its kind.
 *
 * @throws {KumaError} `KUMA-CP-002` an unknown name, with the nearest that exists; `-003` a wrong type or
 *   form; `-004` what is not done here
 */
export function checkValues(tree: JsonObject): CheckedValues {
  const warnings: string[] = [];
  const values = folder(tree, "", warnings);
  return { values, warnings };
}

function folder(tree: JsonObject, path: string, warnings: string[]): JsonObject {
  const checked: JsonObject = {};
  for (const [key, member] of Object.entries(tree)) {
    const at = path === "" ? key : `${path}.${key}`;
    const value = one(member, at, warnings);
    if (value !== undefined) checked[key] = value;
  }
  return checked;
}

function one(value: Json, path: string, warnings: string[]): Json | undefined {
  const exact = VALUES.find((definition) => definition.path === path);
  const definition = exact ?? definitionAt(path);
  if (isFolder(path) && (definition === undefined || !isLeafOf(definition))) {
    if (value === null) return undefined;
    if (!isObject(value)) throw wrong(path, value, "a map");
    return folder(value, path, warnings);
  }
  if (definition === undefined) throw unknown(path);
  if (definition.meaning === "refused") {
    if (value === null || isDefault(value, definition)) return undefined;
    throw new KumaError("KUMA-CP-004", `Cannot use ${path}: ${definition.help}`);
  }
  if (definition.meaning === "meaningless") {
    if (!isDefault(value, definition)) {
      warnings.push(`${path} has no effect here: ${definition.help}`);
    }
    return undefined;
  }
  return typed(value, definition);
}

/** A folder may have a line of its own that covers what no other line names: it is walked all the same. */
function isLeafOf({ meaning }: ValueDefinition): boolean {
  return meaning === "taken" || meaning === "differs" || meaning === "ours";
}

function isDefault(value: Json, { initial }: ValueDefinition): boolean {
  return jsonEqual(value, initial) || String(value) === String(initial) && !isObject(value);
}

function typed(value: Json, definition: ValueDefinition): Json {
  const { path, kind } = definition;
  switch (kind) {
    case "text": {
      const text = value === null ? "" : value;
      if (typeof text === "object") throw wrong(path, value, "a text");
      return formed(String(text), definition);
    }
    case "switch":
      if (value === null) return false;
      if (value === true || value === "true") return true;
      if (value === false || value === "false") return false;
      throw wrong(path, value, "true or false");
    case "number": {
      const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
      if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) {
        throw wrong(path, value, "a whole number");
      }
      return Number(formed(String(number), definition));
    }
    case "map":
      if (value === null) return {};
      if (!isObject(value)) throw wrong(path, value, "a map");
      return value;
    case "list":
      if (value === null) return [];
      if (!Array.isArray(value)) throw wrong(path, value, "a list");
      return value;
    case "any":
      return value;
  }
}

function formed(text: string, { path, form, initial }: ValueDefinition): string {
  const lines = path === "controlPlane.config" || /caBundle$/.test(path);
  if (!lines && [...text].some(isControl)) throw wrong(path, text, "a text of one line");
  if (form === undefined) return text;
  if (Array.isArray(form)) {
    if (form.includes(text)) return text;
    const words = form.filter((word) => word !== "").join(", ");
    throw wrong(path, text, `one of ${words}`);
  }
  const [pattern, what] = FORMS[form as keyof typeof FORMS];
  if (text === "" && (initial === "" || form === "file")) return text;
  if (!pattern.test(text) || text.length > 253) throw wrong(path, text, what);
  if (form === "port" && Number(text) > 65_535) throw wrong(path, text, "a port from 1 to 65535");
  return text;
}

function isControl(character: string): boolean {
  return character < " " || character === "\u007f";
}

function wrong(path: string, value: Json, what: string): KumaError {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return new KumaError("KUMA-CP-003", `Cannot use ${path}: "${shown(text)}" is not ${what}`);
}

function unknown(path: string): KumaError {
  const guess = nearest(path, VALUES.map((one) => one.path), 0.4);
  return new KumaError("KUMA-CP-002", `There is no value "${shown(path)}"`, {
    hint: guess === undefined
      ? "'kumactl install control-plane --dump-values' prints all of them"
      : `did you mean ${guess}?`,
  });
}
