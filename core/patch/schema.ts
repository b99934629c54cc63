/**
 * The Kubernetes schema of Container, and the check of a patched container against it.
 *
 * @module
 */
import { Ajv, type ErrorObject } from "ajv";
import shipped from "./container_schema.json" with { type: "json" };
import { isObject, type Json, type JsonObject, setMember } from "./json.ts";
import { CONTAINER_TYPE, schemaOf } from "./openapi.ts";

const MAX_PROBLEMS = 5;

/** What is known of Container: the whole type, and the type of each of its fields. */
export class ContainerSchema {
  readonly #ajv: Ajv;
  readonly #schema: JsonObject;
  /** Parts of the schema by pointer, once they were found. */
  readonly #parts = new Map<string, JsonObject>();

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
   * A value of the container's type as Kubernetes reads it: members whose names only differ in case are the field's
   * own, and lie over what stood there before; what no field is called is dropped. Both are noted, a line each.
   */
  read(container: JsonObject): { container: JsonObject; notes: string[] } {
    const notes: string[] = [];
    const root = this.#at(`/definitions/${CONTAINER_TYPE}`);
    return { container: this.#fit(container, root, "", notes) as JsonObject, notes };
  }

  /**
   * What `value` would meet at the place that `tokens` name in a container. Nothing where the place says nothing.
   */
  judge(tokens: readonly string[], value: Json | undefined): Judgement {
    const place: string[] = [];
    const members: string[] = [];
    const found = (...problems: string[]): Judgement => ({ problems, place, members });
    let pointer = `/definitions/${CONTAINER_TYPE}`;
    let node = this.#at(pointer);
    for (const [depth, token] of tokens.entries()) {
      const where = `/${tokens.slice(0, depth + 1).join("/")}`;
      const field = fieldOf(node, token);
      if (field === undefined) {
        place.push(noField(where));
        return found();
      }
      if (field !== token) place.push(`${where} is read as ${field}`);
      const next = step(node, field);
      if (next === undefined) return found(noField(where));
      pointer = next.ref ?? `${pointer}${next.below}`;
      node = this.#at(pointer);
      if (typeof node.$ref === "string") {
        pointer = node.$ref.slice(1);
        node = this.#at(pointer);
      }
    }
    if (value === undefined || value === null) return found();
    const where = tokens.length === 0 ? "" : `/${tokens.join("/")}`;
    const fitted = this.#fit(value, node, where, members);
    return found(...this.#check(`container#${encodeURI(pointer)}`, fitted, where));
  }

  #fit(value: Json, schema: JsonObject, where: string, notes: string[]): Json {
    const node = typeof schema.$ref === "string" ? this.#at(schema.$ref.slice(1)) : schema;
    if (Array.isArray(value)) {
      const { items } = node;
      if (!isObject(items)) return value;
      return value.map((item, index) => this.#fit(item, items, `${where}/${index}`, notes));
    }
    if (!isObject(value)) return value;
    const { properties, additionalProperties } = node;
    if (isObject(properties)) return this.#fitFields(value, properties, where, notes);
    if (!isObject(additionalProperties)) return value;
    const fitted: JsonObject = {};
    for (const [key, member] of Object.entries(value)) {
      setMember(fitted, key, this.#fit(member, additionalProperties, `${where}/${key}`, notes));
    }
    return fitted;
  }

  #fitFields(
    value: JsonObject,
    properties: JsonObject,
    where: string,
    notes: string[],
  ): JsonObject {
    const fields: JsonObject = {};
    for (const [key, member] of Object.entries(value)) {
      const field = fieldOf({ properties }, key);
      if (field === undefined) {
        notes.push(noField(`${where}/${key}`));
        continue;
      }
      if (field !== key) notes.push(`${where}/${key} is read as ${field}`);
      const fitted = this.#fit(member, properties[field] as JsonObject, `${where}/${key}`, notes);
      // A name of the schema's, so none that an object has by birth.
      fields[field] = Object.hasOwn(fields, field) ? laidOver(fields[field], fitted) : fitted;
    }
    return fields;
  }

  #check(id: string, value: Json, where: string): string[] {
    const validate = this.#ajv.getSchema(id);
    if (validate === undefined) throw new TypeError(`The container schema has no part ${id}`);
    if (validate(value) === true) return [];
    const lines = (validate.errors ?? []).map((error) => line(error, where));
    return [...new Set(lines)].slice(0, MAX_PROBLEMS);
  }

  #at(pointer: string): JsonObject {
    const known = this.#parts.get(pointer);
    if (known !== undefined) return known;
    let at: Json | undefined = this.#schema;
    for (const token of pointer.slice(1).split("/")) at = (at as JsonObject)[token];
    this.#parts.set(pointer, at as JsonObject);
    return at as JsonObject;
  }
}

/** What {@linkcode ContainerSchema.judge} finds, a line each. */
export interface Judgement {
  /** What keeps the value from ever standing there: a place that no list or scalar has, a wrong type. */
  readonly problems: readonly string[];
  /** Where the place is read as another field, or as none. */
  readonly place: readonly string[];
  /** The same of members of the value. */
  readonly members: readonly string[];
}

const noField = (where: string) => `${where} is no field of a container`;

/** The field that a member is read as, in any case as Go reads JSON; the token itself where no fields are named. */
function fieldOf({ properties }: JsonObject, token: string): string | undefined {
  if (!isObject(properties) || Object.hasOwn(properties, token)) return token;
  const folded = token.toLowerCase();
  return Object.keys(properties).find((name) => name.toLowerCase() === folded);
}

/** Go reads an object into the one that is there, and anything else in its place. */
function laidOver(before: Json | undefined, after: Json): Json {
  if (!isObject(before) || !isObject(after)) return after;
  const members = Object.entries(after).map(([key, member]): [string, Json] => [
    key,
    laidOver(before[key], member),
  ]);
  return { ...before, ...Object.fromEntries(members) };
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
