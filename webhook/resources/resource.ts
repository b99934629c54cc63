/**
 * An object of `kuma.io` as the webhooks look at it. The object itself stays JSON: only what is added
 * appears in an answer.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { LABELS } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject, own } from "core/patch/json.ts";
import type { Settings } from "core/inject/settings/table.ts";
import type { KumaKind } from "core/kube/kuma_kinds.ts";

/** The parts that decide anything. */
export interface ResourceView {
  readonly object: JsonObject;
  readonly metadata: JsonObject;
  readonly labels: JsonObject;
  /** Name of its mesh; empty where it should have one and says none, `undefined` for kinds of no mesh. */
  readonly mesh: string | undefined;
  /** Where the mesh was looked for, as messages call it. */
  readonly meshField: string;
  /** The label `kuma.io/origin`. */
  readonly origin: Json | undefined;
}

/** Mesh of those that need not say one. */
const DEFAULT_MESH = "default";

/** Looks at an object. Throws `KUMA-WH-020` for something that is none. */
export function viewResource(object: Json | undefined, kind: KumaKind): ResourceView {
  if (!isObject(object)) throw unreadable("it is missing");
  const metadata = object.metadata ?? {};
  if (!isObject(metadata)) throw unreadable("metadata is no object");
  const labels = metadata.labels ?? {};
  if (!isObject(labels)) throw unreadable("metadata.labels is no map");
  return {
    object,
    metadata,
    labels,
    ...meshOf(object, labels, kind),
    origin: own(labels, LABELS.origin),
  };
}

function meshOf(object: JsonObject, labels: JsonObject, { mesh: where }: KumaKind) {
  const field = text(own(object, "mesh"));
  if (where === "none") return { mesh: undefined, meshField: "mesh" };
  if (where === "field") return { mesh: field, meshField: "mesh" };
  const label = own(labels, LABELS.mesh);
  if (label !== undefined) {
    return { mesh: text(label), meshField: `metadata.labels["${LABELS.mesh}"]` };
  }
  return { mesh: field === "" ? DEFAULT_MESH : field, meshField: "mesh" };
}

/** True for the label of an object that another control plane made and this one only has a copy of. */
export function isSynced(origin: Json | undefined, mode: Settings["mode"]): boolean {
  return origin === (mode === "zone" ? "global" : "zone");
}

/**
 * In a federated zone's system namespace are the global control plane's policies, too: there the author
 * has to say whose theirs is.
 */
export function mayBeGlobal(kind: KumaKind, namespace: string, settings: Settings): boolean {
  return settings.mode === "zone" && settings.globalAddress !== "" && kind.plugin &&
    namespace === settings.systemNamespace;
}

/** What a mesh may be called: the name of a Kubernetes object that is a label's value, too. */
export function isMeshName(name: string): boolean {
  return name.length <= 63 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name);
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function unreadable(why: string): KumaError {
  return new KumaError("KUMA-WH-020", `The object of the request cannot be read: ${why}`);
}
