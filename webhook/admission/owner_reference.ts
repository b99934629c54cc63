/**
 * The mutating webhook that makes a resource's Mesh its owner, so that it goes when the Mesh goes.
 *
 * @module
 */
import { jsonDiff } from "core/patch/diff.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { kumaKind } from "core/kube/kuma_kinds.ts";
import { type Meshes, meshMissing } from "../resources/mesh.ts";
import { isSynced, viewResource } from "../resources/resource.ts";
import type { Settings } from "core/inject/settings/table.ts";
import {
  type AdmissionDecision,
  type AdmissionRequest,
  denied,
  invalid,
  notReady,
} from "./review.ts";

const ALLOWED: AdmissionDecision = { allowed: true };
const API_VERSION = "kuma.io/v1alpha1";

/** Adds the owner on creation. A mesh that is not there has nothing that could own. */
export async function referToMesh(
  request: AdmissionRequest,
  settings: Settings,
  meshes: Meshes,
): Promise<AdmissionDecision> {
  const kind = kumaKind(request.group, request.resource);
  if (kind === undefined || request.operation !== "CREATE") return ALLOWED;
  // MeshServices are made from Services, and go with those.
  if (settings.skipMeshOwnerReference || request.resource === "meshservices") return ALLOWED;
  const { object, metadata, mesh, meshField, origin } = viewResource(request.object, kind);
  if (mesh === undefined || isSynced(origin, settings.mode)) return ALLOWED;
  if (mesh === "") {
    return invalid(request.kind, request.name, [{ field: meshField, message: "cannot be empty" }]);
  }
  if (!meshes.known) return notReady(["meshes"]);
  const found = await meshes.meshSoon(mesh);
  if (found === undefined) {
    const missing = meshMissing(mesh);
    return denied(`${missing.line} (${missing.code})`, 400, "BadRequest");
  }
  const owner = { apiVersion: API_VERSION, kind: "Mesh", name: mesh, uid: found.uid };
  const ownerReferences = withOwner(metadata.ownerReferences, owner);
  return {
    allowed: true,
    patch: jsonDiff(object, { ...object, metadata: { ...metadata, ownerReferences } }),
  };
}

/**
 * The list with this owner in it once. One that names the Mesh already gets its uid: with that of an
 * earlier Mesh of the name, from a backup, the garbage collector would take the resource for an orphan.
 */
function withOwner(list: Json | undefined, owner: JsonObject): Json {
  const references = Array.isArray(list) ? list : [];
  const at = references.findIndex((one) => isObject(one) && namesSame(one, owner));
  if (at < 0) return [...references, owner];
  return references.map((one, n) =>
    n === at && isObject(one) ? { ...one, uid: owner.uid ?? "" } : one
  );
}

/** The version does not count: it is the same Mesh in any. */
function namesSame(one: JsonObject, { kind, name }: JsonObject): boolean {
  return one.kind === kind && one.name === name &&
    typeof one.apiVersion === "string" && one.apiVersion.startsWith("kuma.io/");
}
