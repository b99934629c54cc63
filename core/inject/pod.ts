/**
 * A pod as the injector looks at it. The pod itself stays JSON: fields that we do not know stay as they
 * are, and only what we change appears in the answer.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { quoted } from "core/grammar/go_text.ts";

/** Labels or annotations. */
export type TextMap = Readonly<Record<string, string>>;

/** The parts of a pod that decide anything. */
export interface PodView {
  /** The pod itself; never changed. */
  readonly object: JsonObject;
  readonly namespace: string;
  /** `metadata.name`, or its prefix for a pod that has no name yet. */
  readonly name: string;
  readonly labels: TextMap;
  readonly annotations: TextMap;
  readonly containers: readonly JsonObject[];
  readonly initContainers: readonly JsonObject[];
  readonly volumes: readonly JsonObject[];
}

/**
 * Looks at a pod. `namespace` is the request's: a pod in a request need not say its own. Throws
 * `KUMA-WH-020` for something that is no pod.
 */
export function viewPod(object: Json | undefined, namespace: string): PodView {
  if (!isObject(object)) throw notPod("it is no object");
  if (object.kind !== undefined && object.kind !== "Pod") {
    // No JSON of it: it may nest deeper than the stack.
    const { kind } = object;
    throw notPod(`its kind is ${typeof kind === "string" ? quoted(kind.slice(0, 60)) : "no text"}`);
  }
  const { metadata, spec } = object;
  if (!isObject(metadata ?? {})) throw notPod("metadata is no object");
  if (!isObject(spec)) throw notPod("spec is no object");
  const meta = isObject(metadata) ? metadata : {};
  const containers = objects(spec.containers, "spec.containers");
  const annotations = texts(meta.annotations, "metadata.annotations");
  if (sizeOf(annotations) > MOST_ANNOTATIONS) {
    throw notPod("its annotations have more than 256 KiB, which no API server takes");
  }
  const name = meta.name ?? meta.generateName ?? "";
  return {
    object,
    namespace: namespace === "" ? "default" : namespace,
    name: typeof name === "string" ? name : "",
    labels: texts(meta.labels, "metadata.labels"),
    annotations,
    containers,
    initContainers: objects(spec.initContainers, "spec.initContainers"),
    volumes: objects(spec.volumes, "spec.volumes"),
  };
}

/**
 * What Kubernetes lets all annotations of an object have. It looks after us: lists of megabytes would be
 * worked through for seconds, and then refused.
 */
const MOST_ANNOTATIONS = 256 * 1024;

/** Characters, of which there are no more than bytes. */
function sizeOf(map: TextMap): number {
  return Object.entries(map).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}

function texts(value: Json | undefined, field: string): TextMap {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw notPod(`${field} is no map`);
  for (const member of Object.values(value)) {
    if (typeof member !== "string") throw notPod(`${field} holds something else than texts`);
  }
  return value as Record<string, string>;
}

function objects(value: Json | undefined, field: string): JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw notPod(`${field} is no list`);
  // A list without items, or items without a name, are a pod still: one that the API server refuses, in
  // words of its own.
  for (const item of value) {
    if (!isObject(item)) throw notPod(`${field} holds something that is no object`);
    if (typeof (item.name ?? "") !== "string") {
      throw notPod(`${field} holds a name that is no text`);
    }
  }
  return value as JsonObject[];
}

function notPod(why: string): KumaError {
  return new KumaError("KUMA-WH-020", `The object of the request is not a Pod: ${why}`);
}
