/**
 * What the webhooks know of meshes. All of it is in memory.
 *
 * @module
 */
import { isObject, type Json, type JsonObject, objectsIn, scalarText } from "core/patch/json.ts";
import { KumaError } from "core/errors.ts";
import { type Membership, membershipOf } from "core/dataplane/membership.ts";

/** What is kept of a Mesh. */
export interface MeshView extends Membership {
  readonly uid: string;
  /** Names of the Secrets that mTLS backends use, and the backend of each. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** The meshes of the cluster, and who is in them. */
export interface Meshes {
  /** True once all meshes were seen. */
  readonly known: boolean;
  /** A mesh that is known now. */
  mesh(name: string): MeshView | undefined;
  /**
   * The same, with a moment's patience: whoever creates a Mesh and what belongs to it in one go is
   * faster than the news of the Mesh.
   */
  meshSoon(name: string): Promise<MeshView | undefined>;
  /** How many Dataplanes are in a mesh; `undefined` while that is not known. */
  dataplanesIn(mesh: string): number | undefined;
}

/** Keeps of a Mesh what is looked at; what is not shaped as it should be counts as absent. */
export function viewMesh(object: JsonObject): MeshView {
  const { metadata, spec } = object;
  const uid = isObject(metadata) ? metadata.uid : undefined;
  const mtls = isObject(spec) ? spec.mtls : undefined;
  return {
    uid: typeof uid === "string" ? uid : "",
    ...membershipOf(spec),
    secrets: secretsOf(mtls),
  };
}

/** The error for a mesh that is not there, in the words of Kuma. */
export function meshMissing(name: string): KumaError {
  return new KumaError(
    "KUMA-WH-004",
    `Mesh.kuma.io ${JSON.stringify(name.slice(0, 300))} not found`,
  );
}

/**
 * Every `secret: NAME` below a backend's `conf`, wherever it stands there: kinds of backends differ in
 * what they need, not in how they name a Secret.
 */
function secretsOf(mtls: Json | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, conf } of objectsIn(isObject(mtls) ? mtls.backends : undefined)) {
    const walk = (value: Json | undefined): void => {
      if (Array.isArray(value)) value.forEach(walk);
      if (!isObject(value)) return;
      for (const [key, member] of Object.entries(value)) {
        if (key === "secret" && typeof member === "string") found.set(member, scalarText(name));
        else walk(member);
      }
    };
    walk(conf);
  }
  return found;
}
