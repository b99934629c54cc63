/**
 * Cuts the JSON schema of one Kubernetes type out of an API server's OpenAPI v3 document. The published
 * document allows unknown fields everywhere; here they are refused, since the API server would only
 * drop them silently and the patch would seem to have worked.
 *
 * @module
 */
import { KumaError } from "../errors.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";

/** The name of Container in the document `/openapi/v3/api/v1`. */
export const CONTAINER_TYPE = "io.k8s.api.core.v1.Container";

const PREFIX = "#/components/schemas/";
/** The pattern of apimachinery's `ParseQuantity`, whose type is a plain string in the document. */
const QUANTITY = "^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";

/**
 * Returns `{ $ref, definitions }` with the type and all it refers to, descriptions left out. Throws
 * `KUMA-WH-014` when the document does not know the type.
 */
export function schemaOf(document: Json, type: string): JsonObject {
  const components = isObject(document) ? document.components : undefined;
  const schemas = isObject(components) ? components.schemas : undefined;
  if (!isObject(schemas)) throw unknown(type);
  const definitions: JsonObject = {};
  const waiting = [type];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (definitions[name] !== undefined) continue;
    const schema = schemas[name];
    if (!isObject(schema)) throw unknown(name);
    definitions[name] = closed(name, strict(schema, waiting));
  }
  return { $ref: `#/definitions/${type}`, definitions: sorted(definitions) };
}

function closed(name: string, schema: JsonObject): JsonObject {
  if (name.endsWith(".resource.Quantity")) {
    return { type: ["string", "number"], pattern: QUANTITY };
  }
  return isObject(schema.properties) ? { ...schema, additionalProperties: false } : schema;
}

/** One schema without what does not decide validity; names of types it refers to go to `found`. */
function strict(schema: JsonObject, found: string[]): JsonObject {
  const { $ref, allOf } = schema;
  const reference = typeof $ref === "string" ? $ref : referenceIn(allOf);
  if (reference !== undefined) {
    const name = reference.slice(PREFIX.length);
    found.push(name);
    return { $ref: `#/definitions/${name}` };
  }
  const result: JsonObject = {};
  for (const key of ["type", "required", "enum"]) {
    const value = schema[key];
    if (value !== undefined) result[key] = value;
  }
  if (schema.format === "int-or-string" || Array.isArray(schema.oneOf)) {
    return { type: ["integer", "string"] };
  }
  if (schema.type === "integer" && schema.format === "int32") {
    Object.assign(result, { minimum: -2147483648, maximum: 2147483647 });
  }
  for (const key of ["items", "additionalProperties"]) {
    const value = schema[key];
    if (isObject(value)) result[key] = strict(value, found);
  }
  if (isObject(schema.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, value]) => [
        key,
        isObject(value) ? strict(value, found) : value,
      ]),
    );
  }
  return result;
}

function referenceIn(allOf: Json | undefined): string | undefined {
  const first = Array.isArray(allOf) ? allOf[0] : undefined;
  return isObject(first) && typeof first.$ref === "string" ? first.$ref : undefined;
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1));
}

function unknown(type: string): KumaError {
  return new KumaError("KUMA-WH-014", `The API server's OpenAPI document has no type ${type}`);
}
