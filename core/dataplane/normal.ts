/**
 * The one form of all Dataplanes that mean the same, to compare them by.
 *
 * @module
 */
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { Shape } from "./shape.ts";

/**
 * The value without what says nothing: zero values, fields that are not of its shape, and the difference between
 * words of an enumeration and their numbers. Undefined where nothing is left; an object stays though empty.
 */
export function normalForm(value: Json | undefined, shape: Shape): Json | undefined {
  if (value === undefined || value === null) return undefined;
  switch (shape.is) {
    case "any":
      return value;
    case "text":
      return textForm(value, shape.words);
    case "number":
      return numberForm(value);
    case "switch":
      return value === true || value === false && shape.wrapped === true ? value : undefined;
    case "texts":
      return isObject(value) && Object.keys(value).length > 0 ? value : undefined;
    case "list":
      return listForm(value, shape);
    case "object":
      return isObject(value) ? objectForm(value, shape.fields) : value;
  }
}

/** JSON whose keys are sorted at every level, so that equal values are equal texts. */
export function sortedJson(value: Json): string {
  return JSON.stringify(
    value,
    (_, member: Json) =>
      isObject(member)
        ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => a < b ? -1 : 1))
        : member,
  );
}

function textForm(value: Json, words: readonly string[] | undefined): Json | undefined {
  if (words === undefined) return value === "" ? undefined : value;
  const word = typeof value === "number" ? words[value] ?? value : value;
  return word === words[0] || word === "" ? undefined : word;
}

/** Protocol buffers' JSON takes numbers as texts, too. */
function numberForm(value: Json): Json | undefined {
  const number = typeof value === "string" && /^[0-9]{1,10}$/.test(value) ? Number(value) : value;
  return number === 0 ? undefined : number;
}

function listForm(value: Json, { of, sorted }: Shape & { is: "list" }): Json | undefined {
  if (!Array.isArray(value)) return value;
  if (value.length === 0) return undefined;
  const items = value.map((item) => normalForm(item, of) ?? null);
  if (sorted !== true || objectsIn(items).length < items.length) return items;
  return objectsIn(items).sort((a, b) => String(a.name) < String(b.name) ? -1 : 1);
}

function objectForm(value: JsonObject, fields: Readonly<Record<string, Shape>>): JsonObject {
  const form: JsonObject = {};
  for (const [name, shape] of Object.entries(fields)) {
    const member = Object.hasOwn(value, name) ? normalForm(value[name], shape) : undefined;
    if (member !== undefined) form[name] = member;
  }
  return form;
}
