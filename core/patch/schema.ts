/**
 * The Kubernetes schema of Container, and the check of a patched container against it.
 *
 * @module
 */
import { Ajv, type ErrorObject } from "ajv";
import shipped from "./container_schema.json" with { type: "json" };
import type { Json, JsonObject } from "./json.ts";
import { CONTAINER_TYPE, schemaOf } from "./openapi.ts";

const MAX_PROBLEMS = 5;

/** What is known of Container: the whole type, and the type of each of its fields. */
export class ContainerSchema {
  readonly #ajv: Ajv;
  readonly #schema: JsonObject;

  /** Takes a schema as {@linkcode schemaOf} gives it. */
  constructor(schema: JsonObject) {
    this.#schema = schema;
    // Kubernetes' formats (int32, double, byte) are no JSON-schema formats; ranges are in the schema.
    this.#ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    this.#ajv.addSchema(schema, "container");
  }

  /** Everything that Kubernetes could not read, a line each, at most five; none for a valid container. */
  problems(container: Json): string[] {
    return this.#check("container", container, "");
  }

  /**
   * What keeps `value` from ever standing at the place that `tokens` name in a container: a field that
   * does not exist, or a value of the wrong type. None where the place says nothing.
   */
  problemsAt(tokens: readonly string[], value: Json | undefined): string[] {
    let pointer = `/definitions/${CONTAINER_TYPE}`;
    let node = this.#at(pointer);
    for (const [depth, token] of tokens.entries()) {
      const next = step(node, token);
      if (next === undefined) {
        return [`/${tokens.slice(0, depth + 1).join("/")} is no field of a container`];
      }
      pointer = next.ref ?? `${pointer}${next.below}`;
      node = this.#at(pointer);
      if (typeof node.$ref === "string") {
        pointer = node.$ref.slice(1);
        node = this.#at(pointer);
      }
    }
    if (value === undefined || value === null) return [];
    const where = tokens.length === 0 ? "" : `/${tokens.join("/")}`;
    return this.#check(`container#${encodeURI(pointer)}`, value, where);
  }

  #check(id: string, value: Json, where: string): string[] {
    const validate = this.#ajv.getSchema(id);
    if (validate === undefined) throw new TypeError(`The container schema has no part ${id}`);
    if (validate(value) === true) return [];
    const lines = (validate.errors ?? []).map((error) => line(error, where));
    return [...new Set(lines)].slice(0, MAX_PROBLEMS);
  }

  #at(pointer: string): JsonObject {
    let at: Json | undefined = this.#schema;
    for (const token of pointer.slice(1).split("/")) at = (at as JsonObject)[token];
    return at as JsonObject;
  }
}

/** One token down: below the current pointer, or at a reference of its own. */
function step(node: JsonObject, token: string): { below: string; ref?: string } | undefined {
  const properties = node.properties as JsonObject | undefined;
  if (properties !== undefined) {
    return Object.hasOwn(properties, token) ? { below: `/properties/${token}` } : undefined;
  }
  if (node.items !== undefined) {
    // No container has a million of anything.
    return /^(-|0|-?[1-9][0-9]{0,5})$/.test(token) ? { below: "/items" } : undefined;
  }
  return node.additionalProperties === undefined ? undefined : { below: "/additionalProperties" };
}

function line(error: ErrorObject, where: string): string {
  const at = `${where}${error.instancePath}` || "the container";
  if (error.keyword === "additionalProperties") {
    const field = String((error.params as { additionalProperty?: string }).additionalProperty);
    return `${at} has no field ${JSON.stringify(field)}`;
  }
  if (error.keyword === "pattern") return `${at} must be a quantity such as 100m or 64Mi`;
  return `${at} ${error.message ?? "is invalid"}`;
}

let known: ContainerSchema | undefined;

/** The schema that is shipped (Kubernetes 1.34): used where the API server's own was not read. */
export function shippedContainerSchema(): ContainerSchema {
  known ??= new ContainerSchema(shipped as unknown as JsonObject);
  return known;
}

/** The schema of an API server, from its document `/openapi/v3/api/v1`. Throws `KUMA-WH-014`. */
export function containerSchemaFrom(document: Json): ContainerSchema {
  return new ContainerSchema(schemaOf(document, CONTAINER_TYPE));
}
