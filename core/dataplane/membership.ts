/**
 * Which Dataplanes may join a mesh: its constraints, and the tags that they look at.
 *
 * @module
 */
import {
  isObject,
  type Json,
  type JsonObject,
  objectsIn,
  own,
  scalarText,
} from "core/patch/json.ts";
import { shown } from "./problems.ts";

/** Tags that a Dataplane must have, or must not; `*` stands for any value. */
export type TagSelector = Readonly<Record<string, string>>;

/** Who may join: a Dataplane must fit one of the first, where there are any, and none of the second. */
export interface Membership {
  readonly requirements: readonly TagSelector[];
  readonly restrictions: readonly TagSelector[];
}

/** The constraints of a Mesh's spec; what is not shaped as it should be counts as absent. */
export function membershipOf(spec: Json | undefined): Membership {
  const constraints = isObject(spec) ? spec.constraints : undefined;
  const proxy = isObject(constraints) ? constraints.dataplaneProxy : undefined;
  const { requirements, restrictions } = isObject(proxy) ? proxy : {};
  return { requirements: selectors(requirements), restrictions: selectors(restrictions) };
}

/** Why a Dataplane may not join a mesh; `undefined` where it may. Each of its sets of tags must fit. */
export function membershipProblem(spec: Json | undefined, mesh: Membership): string | undefined {
  for (const tags of tagSets(spec)) {
    if (mesh.restrictions.some((selector) => matches(selector, tags))) {
      return `its tags ${shown(tags)} are restricted there`;
    }
    const { requirements } = mesh;
    if (requirements.length > 0 && !requirements.some((selector) => matches(selector, tags))) {
      return `its tags ${shown(tags)} fulfil no requirement of it`;
    }
  }
  return undefined;
}

function tagSets(spec: Json | undefined): JsonObject[] {
  const networking = isObject(spec) ? spec.networking : undefined;
  if (!isObject(networking)) return [];
  const sides = [...objectsIn(networking.inbound), ...objectsIn([networking.gateway ?? null])];
  return sides.map(({ tags }) => isObject(tags) ? tags : {});
}

function matches(selector: TagSelector, tags: JsonObject): boolean {
  return Object.entries(selector).every(([key, wanted]) => {
    const value = own(tags, key);
    return value !== undefined && (wanted === "*" || wanted === value);
  });
}

function selectors(list: Json | undefined): TagSelector[] {
  return objectsIn(list).map(({ tags }) =>
    Object.fromEntries(
      Object.entries(isObject(tags) ? tags : {}).map(([key, value]) => [key, scalarText(value)]),
    )
  );
}
