/**
 * The validating webhook for Kuma's Secrets in the system namespace. Their values are looked at for
 * being there and go nowhere: no message and no log line has one.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import type { Problem } from "core/patch/container_patch.ts";
import { isObject, type Json, own } from "core/patch/json.ts";
import type { Meshes } from "../resources/mesh.ts";
import { isSynced } from "../resources/resource.ts";
import type { Settings } from "core/inject/settings/table.ts";
import {
  type AdmissionDecision,
  type AdmissionRequest,
  denied,
  invalid,
  isLeaving,
  notReady,
} from "./review.ts";

const ALLOWED: AdmissionDecision = { allowed: true };
const MESH_LABEL = `metadata.labels["${LABELS.mesh}"]`;
const OF_A_MESH = "system.kuma.io/secret";
const GLOBAL = "system.kuma.io/global-secret";

/** Refuses Secrets without a value or with another mesh, and the deletion of one that mTLS needs. */
export function validateSecret(
  request: AdmissionRequest,
  settings: Settings,
  meshes: Meshes,
): AdmissionDecision {
  const { object } = request;
  if (request.namespace !== settings.systemNamespace || !isObject(object)) return ALLOWED;
  if (object.type !== OF_A_MESH && object.type !== GLOBAL || isLeaving(request)) return ALLOWED;
  if (request.operation === "DELETE") {
    const exempt = object.type === GLOBAL || settings.unsafeDelete ||
      isSynced(labelOf(object, LABELS.origin), settings.mode);
    return exempt ? ALLOWED : unusedBy(meshOf(object), request.name, meshes);
  }
  const problems: Problem[] = [];
  if (!hasValue(object.data)) problems.push({ field: "data.value", message: "cannot be empty." });
  if (object.type === GLOBAL && labelOf(object, LABELS.mesh) !== undefined) {
    problems.push({ field: MESH_LABEL, message: "mesh cannot be set on global secret" });
  }
  if (object.type === OF_A_MESH && request.operation === "UPDATE") {
    const before = meshOf(request.oldObject);
    if (meshOf(object) !== before) {
      problems.push({
        field: MESH_LABEL,
        message: `mesh cannot be changed from ${JSON.stringify(before)}: create another secret`,
      });
    }
  }
  return problems.length === 0 ? ALLOWED : invalid("Secret", request.name, problems);
}

function unusedBy(mesh: string, secret: string, meshes: Meshes): AdmissionDecision {
  if (!meshes.known) return notReady(["meshes"]);
  const backend = meshes.mesh(mesh)?.secrets.get(secret);
  if (backend === undefined) return ALLOWED;
  const [quotedBackend, quotedMesh] = [JSON.stringify(backend), JSON.stringify(mesh)];
  return denied(
    `secret ${JSON.stringify(secret)} cannot be deleted: mTLS backend ${quotedBackend} of mesh ` +
      `${quotedMesh} uses it`,
  );
}

function hasValue(data: Json | undefined): boolean {
  const value = isObject(data) ? own(data, "value") : undefined;
  return typeof value === "string" && value !== "";
}

function meshOf(object: Json | undefined): string {
  const label = labelOf(object, LABELS.mesh);
  return typeof label === "string" && label !== "" ? label : "default";
}

function labelOf(object: Json | undefined, label: string): Json | undefined {
  const metadata = isObject(object) ? object.metadata : undefined;
  const labels = isObject(metadata) ? metadata.labels : undefined;
  return isObject(labels) ? own(labels, label) : undefined;
}
