/**
 * What the webhooks know of meshes. All of it is in memory.
 *
 * @module
 */
import { isObject, type Json, type JsonObject, scalarText } from "core/patch/json.ts";
import { KumaError } from "core/errors.ts";
import { objectsIn } from "../inject/pod.ts";

/** Tags that a Dataplane must have, or must not; `*` stands for any value. */
export type TagSelector = Readonly<Record<string, string>>;

/** What is kept of a Mesh. */
export interface MeshView {
  readonly uid: string;
  /** Who may join: a Dataplane must fit one of the first, where there are any, and none of the second. */
  readonly requirements: readonly TagSelector[];
  readonly restrictions: readonly TagSelector[];
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
  const { constraints, mtls } = isObject(spec) ? spec : {};
  const proxy = isObject(constraints) ? constraints.dataplaneProxy : undefined;
  const { requirements, restrictions } = isObject(proxy) ? proxy : {};
  return {
    uid: typeof uid === "string" ? uid : "",
    requirements: selectors(requirements),
    restrictions: selectors(restrictions),
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

function selectors(list: Json | undefined): TagSelector[] {
  return objectsIn(list).map(({ tags }) =>
    Object.fromEntries(
      Object.entries(isObject(tags) ? tags : {}).map(([key, value]) => [key, scalarText(value)]),
    )
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
