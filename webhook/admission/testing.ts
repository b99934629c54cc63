/**
 * Requests, settings and meshes for the tests of this folder.
 *
 * @module
 */
import type { JsonObject } from "core/patch/json.ts";
import { type Meshes, viewMesh } from "../resources/mesh.ts";
import { loadSettings } from "core/inject/settings/load.ts";
import type { Settings } from "core/inject/settings/table.ts";
import type { AdmissionDecision, AdmissionRequest } from "./review.ts";

/** A request about a Dataplane in the namespace `shop`, or what `over` says. */
export function requestOf(over: Partial<AdmissionRequest>): AdmissionRequest {
  return {
    uid: "u",
    operation: "CREATE",
    namespace: "shop",
    name: "orders",
    kind: "Dataplane",
    group: "kuma.io",
    resource: "dataplanes",
    user: "jane",
    object: {},
    oldObject: undefined,
    ...over,
  };
}

/** The defaults, or what `over` says. */
export function settingsOf(over: Partial<Settings> = {}): Settings {
  return { ...loadSettings(undefined, {}).settings, ...over };
}

/** A federated zone. */
export const FEDERATED: Partial<Settings> = { globalAddress: "grpcs://global:5685" };

/** Meshes by name, each with its spec; its uid is `uid-NAME`. Whoever is in one is in `dataplanes`. */
export function meshesOf(
  specs: Record<string, JsonObject>,
  dataplanes: readonly string[] = [],
): Meshes {
  const mesh = (name: string) => {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    return spec === undefined ? undefined : viewMesh({ metadata: { uid: `uid-${name}` }, spec });
  };
  return {
    known: true,
    mesh,
    meshSoon: (name) => Promise.resolve(mesh(name)),
    dataplanesIn: (name) => dataplanes.filter((one) => one === name).length,
  };
}

/** Before anything was seen of the cluster. */
export const UNKNOWN: Meshes = {
  known: false,
  mesh: () => undefined,
  meshSoon: () => Promise.resolve(undefined),
  dataplanesIn: () => undefined,
};

/** Code and message of a denial; `allowed` otherwise. */
export function says(verdict: AdmissionDecision): string {
  if (verdict.allowed) return "allowed";
  return `${verdict.status.code}: ${verdict.status.message}`;
}
