/**
 * Changes to objects of the API server, each safe against what others change meanwhile. Every function
 * throws `ApiError` unless the answer is 2xx: 409 for a lost race, 404 for what is gone.
 *
 * @module
 */
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import type { KubeClient } from "./client.ts";

/** What a write of this module needs of a client. */
export type Writer = Pick<KubeClient, "json">;

/**
 * What must still hold for a write to be done. The server answers 409 (`Conflict`) where it does not, but 422
 * (`Invalid`) to a patch of an object that has another uid by now.
 */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** Of whom and when, for every write. */
export interface WriteOptions extends Preconditions {
  readonly signal?: AbortSignal;
}

const CONTENT_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

/** Creates an object in a collection; needs the verb `create`. 409 (`AlreadyExists`) where it is there. */
export async function createObject(
  client: Writer,
  collection: string,
  body: JsonObject,
  { signal }: Pick<WriteOptions, "signal"> = {},
): Promise<JsonObject> {
  return await written(client, collection, { method: "POST", body, ...(signal && { signal }) });
}

/**
 * Replaces an object; needs the verb `update`. Throws a `TypeError` for one without a resourceVersion: it
 * would overwrite what others have changed.
 */
export async function updateObject(
  client: Writer,
  path: string,
  body: JsonObject,
  { signal }: Pick<WriteOptions, "signal"> = {},
): Promise<JsonObject> {
  const { resourceVersion } = isObject(body.metadata) ? body.metadata : {};
  if (typeof resourceVersion !== "string" || resourceVersion === "") {
    throw new TypeError(`Cannot update ${path}: the object has no resourceVersion`);
  }
  return await written(client, path, { method: "PUT", body, ...(signal && { signal }) });
}

/**
 * Patches an object, or a subresource such as `…/status`; needs the verb `patch`. A JSON patch is a list of
 * operations; `strategic` is for Kubernetes' own kinds alone.
 */
export async function patchObject(
  client: Writer,
  path: string,
  kind: keyof typeof CONTENT_TYPES,
  patch: Json,
  { signal, ...preconditions }: WriteOptions = {},
): Promise<JsonObject> {
  return await written(client, path, {
    method: "PATCH",
    contentType: CONTENT_TYPES[kind],
    body: kind === "json"
      ? [...jsonPreconditions(preconditions), ...operationsOf(patch)]
      : mergePreconditions(patch, preconditions),
    ...(signal && { signal }),
  });
}

/** Deletes an object; needs the verb `delete`. */
export async function deleteObject(
  client: Writer,
  path: string,
  { signal, uid, resourceVersion }: WriteOptions = {},
): Promise<void> {
  const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  await client.json(path, {
    method: "DELETE",
    body: { apiVersion: "v1", kind: "DeleteOptions", preconditions },
    ...(signal && { signal }),
  });
}

/** Replacing these two with what they are changes nothing; with anything else the server refuses. */
function jsonPreconditions(preconditions: Preconditions): JsonObject[] {
  return (["uid", "resourceVersion"] as const).flatMap((field) => {
    const value = preconditions[field];
    return value === undefined ? [] : [{ op: "replace", path: `/metadata/${field}`, value }];
  });
}

function operationsOf(patch: Json): Json[] {
  if (!Array.isArray(patch)) throw new TypeError("Cannot send a JSON patch that is no list");
  return patch;
}

function mergePreconditions(patch: Json, preconditions: Preconditions): JsonObject {
  if (!isObject(patch)) throw new TypeError("Cannot send a merge patch that is no object");
  if (Object.keys(preconditions).length === 0) return patch;
  const metadata = isObject(patch.metadata) ? patch.metadata : {};
  return { ...patch, metadata: { ...metadata, ...preconditions } };
}

async function written(
  client: Writer,
  path: string,
  request: Parameters<Writer["json"]>[1],
): Promise<JsonObject> {
  const answer = await client.json(path, request);
  if (!isObject(answer)) throw new TypeError(`The API server's answer to ${path} is no object`);
  return answer;
}
