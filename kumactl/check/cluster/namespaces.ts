/**
 * What is kept of a Namespace.
 *
 * @module
 */
import { isObject, type JsonObject } from "core/patch/json.ts";
import { namespaceView } from "../../pod/subject.ts";
import type { NamespaceView } from "core/inject/context.ts";

/** Labels and annotations. */
export type NamespaceFacts = NamespaceView;

/** Its name, and what is kept of it. */
export function readNamespaceFacts(object: JsonObject): [string, NamespaceFacts] {
  const { name } = isObject(object.metadata) ? object.metadata : {};
  return [String(name), namespaceView(object)];
}
