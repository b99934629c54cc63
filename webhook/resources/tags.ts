/**
 * Tags of Dataplanes: their grammar, and which meshes they may join.
 *
 * @module
 */
import { TAGS } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import type { MeshView, TagSelector } from "./mesh.ts";
import { type Problems, shown } from "./problems.ts";
import { own } from "./resource.ts";
import { objectsIn } from "../inject/pod.ts";

/** Protocols that Kuma knows, in small letters. */
export const PROTOCOLS: readonly string[] = ["grpc", "http", "http2", "kafka", "tcp", "tls"];

/** Checks the tags of an inbound or a gateway. */
export function checkTags(
  value: Json | undefined,
  field: string,
  protocols: readonly string[],
  problems: Problems,
): void {
  const tags = problems.object(value, field);
  if (own(tags, TAGS.service) === undefined) {
    problems.add(`${field}["${TAGS.service}"]`, "must be there");
  }
  for (const [key, tag] of Object.entries(tags)) {
    const at = `${field}[${JSON.stringify(key.slice(0, 80))}]`;
    if (!/^[A-Za-z0-9._:/-]+$/.test(key)) {
      problems.add(at, "a tag's name may have letters, digits and . - _ : / only");
    }
    if (typeof tag !== "string" || !/^[A-Za-z0-9._:-]+$/.test(tag)) {
      problems.add(
        at,
        "a tag's value must have letters, digits and . - _ : only, and at least one",
      );
    } else if (key === TAGS.protocol && !protocols.includes(tag.toLowerCase())) {
      problems.add(at, `value ${shown(tag)} is not valid. Allowed values: ${protocols.join(", ")}`);
    }
  }
}

/** Why a Dataplane may not join a mesh; `undefined` where it may. Each of its sets of tags must fit. */
export function membershipProblem(spec: Json | undefined, mesh: MeshView): string | undefined {
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
