/**
 * The Dataplane of a builtin gateway: a pod of its own without a sidecar, whose tags are an annotation.
 *
 * @module
 */
import { ANNOTATIONS } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import type { AnnotationReader } from "./annotation_reader.ts";
import type { PodFacts, Texts } from "./facts.ts";
import { zoneTag } from "./tags.ts";

/** Its spec; a wrong annotation is noted. */
export function builtinGateway(
  pod: PodFacts,
  reader: AnnotationReader,
  zone: string,
): JsonObject {
  const tags = { ...gatewayTags(reader), ...zoneTag(zone) };
  return { networking: { address: pod.address, gateway: { type: "BUILTIN", tags } } };
}

function gatewayTags(reader: AnnotationReader): Texts {
  const name = ANNOTATIONS.tags;
  const text = reader.text(name);
  if (text === undefined) {
    reader.wrong(name, "must be there on a builtin gateway");
    return {};
  }
  const tags = parsed(text);
  if (!isObject(tags) || !Object.values(tags).every((one) => typeof one === "string")) {
    reader.wrongValue(name, text, "write a JSON object whose values are texts");
    return {};
  }
  return tags as Record<string, string>;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
