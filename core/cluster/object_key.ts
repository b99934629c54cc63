/**
 * How objects of one kind are told apart.
 *
 * @module
 */
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";

/** `namespace/name`, or the name of an object without a namespace. */
export function keyOf(object: JsonObject): string {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const namespace = asText(metadata.namespace);
  const name = asText(metadata.name);
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** A text, or an empty one for anything else. */
export function asText(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
