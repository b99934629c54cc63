/**
 * The table of values as a JSON Schema: with it Helm refuses what `kumactl install control-plane` refuses, and unlike Kuma's
 * own chart no name that does not exist goes unnoticed.
 *
 * @module
 */
import type { Json, JsonObject } from "core/patch/json.ts";
import { FORMS, type ValueDefinition } from "./definition.ts";
import { counts, VALUES } from "./table.ts";

const TYPES = {
  switch: "boolean",
  number: "integer",
  map: "object",
  list: "array",
  any: undefined,
} as const;

/** The schema; Helm itself adds `global` and reads drafts up to 7. */
export function valuesSchema(): JsonObject {
  const root = folder();
  for (const definition of VALUES) {
    const keys = definition.path.split(".");
    const last = keys.pop() ?? "";
    let at = root;
    for (const key of keys) {
      const properties = at.properties as JsonObject;
      at = (properties[key] ??= folder()) as JsonObject;
      at.properties ??= {};
    }
    const properties = at.properties as JsonObject;
    const below = properties[last] as JsonObject | undefined;
    // A line that covers whatever no other line names leaves the folder open.
    if (below !== undefined) below.additionalProperties = true;
    else properties[last] = leaf(definition);
  }
  return { $schema: "http://json-schema.org/draft-07/schema#", ...root };
}

function folder(): JsonObject {
  return { type: "object", additionalProperties: false, properties: {} };
}

function leaf(definition: ValueDefinition): JsonObject {
  const { kind, help, initial, meaning } = definition;
  if (meaning === "refused") return { description: help, enum: [initial] };
  if (!counts(definition)) return { description: `without effect: ${help}` };
  const type = kind === "text" ? textTypes(definition) : TYPES[kind];
  return { description: help, ...(type === undefined ? {} : { type }), ...form(definition) };
}

/** What Helm may be given for a text: from `--set` and files a number or a switch comes as such, where its form allows. */
function textTypes({ form }: ValueDefinition): Json {
  const fits = (text: string) =>
    form === undefined || typeof form === "string" && FORMS[form][0].test(text);
  const more = [
    ...fits("1.5") ? ["number"] : fits("1") ? ["integer"] : [],
    ...fits("true") ? ["boolean"] : [],
  ];
  return more.length === 0 ? "string" : ["string", ...more];
}

function form({ form, initial, kind }: ValueDefinition): JsonObject {
  if (form === undefined) return kind === "number" ? { minimum: 0 } : {};
  if (form === "port") return { minimum: 1, maximum: 65_535 };
  if (typeof form !== "string") return { enum: [...form] as Json[] };
  const source = FORMS[form][0].source;
  return { pattern: initial === "" || form === "file" ? `^$|${source}` : source };
}
