/**
 * The validating webhook for `kuma.io`: each kind's own rules, and those of all.
 *
 * @module
 */
import { LABELS, TAGS } from "core/kube/annotations.ts";
import { reviewContainerPatch } from "core/patch/container_patch.ts";
import { isObject, type Json } from "core/patch/json.ts";
import type { ContainerSchema } from "core/patch/schema.ts";
import { dataplaneProblems } from "core/dataplane/validate.ts";
import { type KumaKind, kumaKind } from "core/kube/kuma_kinds.ts";
import { type Meshes, meshMissing } from "../resources/mesh.ts";
import { Problems, shown } from "core/dataplane/problems.ts";
import {
  isMeshName,
  isSynced,
  mayBeGlobal,
  type ResourceView,
  viewResource,
} from "../resources/resource.ts";
import { membershipProblem } from "core/dataplane/membership.ts";
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
const GARBAGE_COLLECTOR = "system:serviceaccount:kube-system:generic-garbage-collector";
const ORIGINS: readonly Json[] = ["global", "zone"];

/** What the rules look at beside the request. */
export interface ResourceContext {
  readonly settings: Settings;
  readonly schema: ContainerSchema;
  readonly meshes: Meshes;
}

/** Applies the rules of the request's kind, the first denial wins; kinds that are not known pass. */
export async function validateResource(
  request: AdmissionRequest,
  context: ResourceContext,
): Promise<AdmissionDecision> {
  if (isLeaving(request)) return ALLOWED;
  if (request.kind === "ContainerPatch") return containerPatch(request, context);
  if (request.kind === "MeshGatewayInstance") return gatewayInstance(request, context.settings);
  const kind = kumaKind(request.group, request.resource);
  if (kind === undefined) return ALLOWED;
  const exempt = isExempt(request.user, context.settings);
  if (request.operation === "DELETE") {
    return request.resource === "meshes" && !exempt ? emptyMesh(request.name, context) : ALLOWED;
  }
  const view = viewResource(request.object, kind);
  const verdict = exempt ? ALLOWED : generalRules(request, view, kind, context.settings);
  if (!verdict.allowed || request.resource !== "dataplanes") return verdict;
  return isSynced(view.origin, context.settings.mode)
    ? verdict
    : await dataplane(request, view, context);
}

/** A ContainerPatch may only be in the system namespace, and what can never work is refused. */
function containerPatch(
  request: AdmissionRequest,
  { settings: { systemNamespace }, schema }: ResourceContext,
): AdmissionDecision {
  // Misplaced ones have no effect and must be possible to remove.
  if (request.operation === "DELETE") return ALLOWED;
  if (request.namespace !== systemNamespace) {
    return denied(
      `ContainerPatch can only be placed in ${systemNamespace} namespace. It can be however ` +
        "referenced by pods in all namespaces",
    );
  }
  const { problems, warnings } = reviewContainerPatch(request.object ?? null, schema);
  if (problems.length > 0) return invalid("ContainerPatch", request.name, problems);
  return warnings.length === 0 ? ALLOWED : { allowed: true, warnings };
}

function gatewayInstance(
  { operation, object, name }: AdmissionRequest,
  settings: Settings,
): AdmissionDecision {
  if (operation === "DELETE") return ALLOWED;
  if (operation === "CREATE" && settings.mode === "global") {
    return denied("MeshGatewayInstance cannot be created on a global control plane");
  }
  const spec = isObject(object) ? object.spec : undefined;
  const tags = isObject(spec) ? spec.tags : undefined;
  if (!isObject(tags) || !Object.hasOwn(tags, TAGS.service)) return ALLOWED;
  const problem = { field: `spec.tags["${TAGS.service}"]`, message: "is not allowed here" };
  return invalid("MeshGatewayInstance", name, [problem]);
}

/** The control plane itself, whom its operator trusts as much, and who cleans up after both. */
function isExempt(user: string, { allowedUsers, serviceAccountName }: Settings): boolean {
  return [...allowedUsers, serviceAccountName, GARBAGE_COLLECTOR].includes(user);
}

function generalRules(
  request: AdmissionRequest,
  { mesh, meshField, origin }: ResourceView,
  kind: KumaKind,
  settings: Settings,
): AdmissionDecision {
  const problems = new Problems();
  if (mesh === "") problems.add(meshField, "cannot be empty");
  else if (mesh !== undefined && !isMeshName(mesh)) {
    problems.add(
      meshField,
      `${shown(mesh)} is not a mesh's name: up to 63 lower-case letters, digits, - and .`,
    );
  }
  if (origin !== undefined && !ORIGINS.includes(origin)) {
    problems.add(`metadata.labels["${LABELS.origin}"]`, "must be one of global, zone");
  }
  if (problems.list.length > 0) return invalid(request.kind, request.name, problems.list);
  const { namespace } = request;
  const { systemNamespace } = settings;
  if (settings.mode === "global" && namespace !== "" && namespace !== systemNamespace) {
    return denied(
      `${request.kind} can only be placed in ${systemNamespace} namespace on a global control plane`,
    );
  }
  if (mayBeGlobal(kind, namespace, settings) && origin !== "zone") {
    return denied(
      `${request.kind} in ${systemNamespace} namespace of a federated zone must have the label ` +
        `${LABELS.origin}: zone, or be created on the global control plane`,
    );
  }
  return ALLOWED;
}

/** A mesh with Dataplanes in it is in use. */
function emptyMesh(mesh: string, { settings, meshes }: ResourceContext): AdmissionDecision {
  if (settings.unsafeDelete) return ALLOWED;
  const count = meshes.dataplanesIn(mesh);
  if (count === undefined) return notReady(["dataplanes"]);
  if (count === 0) return ALLOWED;
  return denied(
    `mesh ${shown(mesh)} cannot be deleted: ${count} Dataplane${
      count === 1 ? " is" : "s are"
    } in it`,
  );
}

/** The rules for Dataplanes hold for everybody: no proxy can be configured from a wrong one. */
async function dataplane(
  request: AdmissionRequest,
  { object, mesh = "", meshField }: ResourceView,
  { meshes }: ResourceContext,
): Promise<AdmissionDecision> {
  const problems = dataplaneProblems(object.spec);
  if (problems.length > 0) return invalid(request.kind, request.name, problems);
  if (!meshes.known) return notReady(["meshes"]);
  const found = await meshes.meshSoon(mesh);
  if (found === undefined) {
    const problem = { field: meshField, message: meshMissing(mesh).line };
    return invalid(request.kind, request.name, [problem]);
  }
  const why = membershipProblem(object.spec, found);
  if (why === undefined) return ALLOWED;
  return denied(`dataplane cannot be a member of mesh ${shown(mesh)} because ${why}`);
}
