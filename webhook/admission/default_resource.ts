/**
 * The mutating webhook that fills in what Kuma computes of its resources: labels, and the name for
 * people. It only adds; what is there stays, right or wrong.
 *
 * @module
 */
import { ANNOTATIONS, LABELS } from "core/kube/annotations.ts";
import { jsonDiff } from "core/patch/diff.ts";
import { isObject, type JsonObject, own } from "core/patch/json.ts";
import { type KumaKind, kumaKind } from "core/kube/kuma_kinds.ts";
import {
  isMeshName,
  isSynced,
  mayBeGlobal,
  type ResourceView,
  viewResource,
} from "../resources/resource.ts";
import type { Settings } from "core/inject/settings/table.ts";
import type { AdmissionDecision, AdmissionRequest } from "./review.ts";

/** Adds what is missing, on creation and update. Copies of another control plane's stay as they are. */
export function defaultResource(request: AdmissionRequest, settings: Settings): AdmissionDecision {
  const kind = kumaKind(request.group, request.resource);
  if (kind === undefined || request.operation === "DELETE") return { allowed: true };
  const view = viewResource(request.object, kind);
  if (isSynced(view.origin, settings.mode)) return { allowed: true };
  const { object, metadata } = view;
  const labels = filled(view.labels, computedLabels(view, kind, request.namespace, settings));
  const annotations = isObject(metadata.annotations) ? metadata.annotations : {};
  const displayed = filled(annotations, displayName(metadata, request));
  const after = {
    ...object,
    metadata: {
      ...metadata,
      ...(labels === view.labels ? {} : { labels }),
      ...(displayed === annotations ? {} : { annotations: displayed }),
    },
  };
  return { allowed: true, patch: jsonDiff(object, after) };
}

/** What a resource's labels say, where nobody says otherwise; in the order in which they are added. */
function computedLabels(
  view: ResourceView,
  kind: KumaKind,
  namespace: string,
  settings: Settings,
): JsonObject {
  const labels: JsonObject = {};
  // A name that no mesh can have is for the validator to refuse, in better words than a label's.
  if (view.mesh !== undefined && isMeshName(view.mesh)) labels[LABELS.mesh] = view.mesh;
  // What has no namespace is not of one zone either: the same Mesh is in all of them.
  if (namespace === "") return labels;
  labels[LABELS.namespace] = namespace;
  if (settings.mode !== "zone") return labels;
  const origin = view.origin ?? (mayBeGlobal(kind, namespace, settings) ? undefined : "zone");
  if (origin !== "zone") return labels;
  labels[LABELS.origin] = origin;
  if (settings.zoneName !== "") labels[LABELS.zone] = settings.zoneName;
  labels[LABELS.env] = "kubernetes";
  return labels;
}

/** Objects with a namespace have a longer name in Kuma; one without a name yet gets none. */
function displayName(metadata: JsonObject, request: AdmissionRequest): JsonObject {
  const name = own(metadata, "name") ?? request.name;
  if (request.namespace === "" || typeof name !== "string" || name === "") return {};
  return { [ANNOTATIONS.displayName]: name };
}

/** The map with what is missing of it; the map itself where nothing is. */
function filled(map: JsonObject, computed: JsonObject): JsonObject {
  const missing = Object.entries(computed).filter(([key]) => !Object.hasOwn(map, key));
  return missing.length === 0 ? map : { ...map, ...Object.fromEntries(missing) };
}
