/**
 * The annotation `kuma.io/reachable-backends`: YAML that lists what a pod may reach.
 *
 * @module
 */
import { parse } from "yaml";
import { errorText } from "core/errors.ts";
import { ANNOTATIONS } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import type { AnnotationReader } from "./annotation_reader.ts";
import { withoutZeros } from "./zeros.ts";

const NAME = ANNOTATIONS.reachableBackends;
/** Of the same size is what Kubernetes allows for all annotations together. */
const MOST_REFS = 10_000;

/** The section; undefined without the annotation, `{}` for one that lists nothing. */
export function reachableBackends(reader: AnnotationReader): JsonObject | undefined {
  const text = reader.text(NAME);
  if (text === undefined) return undefined;
  let value: Json;
  try {
    value = parse(text, { logLevel: "silent", maxAliasCount: 0 }) as Json;
  } catch (thrown) {
    reader.wrong(NAME, `is no YAML: ${errorText(thrown).slice(0, 200)}`);
    return {};
  }
  if (value === null || value === undefined) return {};
  if (!isObject(value)) return refuse(reader, "must be an object with the list refs");
  const { refs = null } = value;
  if (refs === null) return {};
  if (!Array.isArray(refs)) return refuse(reader, "refs must be a list");
  if (refs.length > MOST_REFS) return refuse(reader, `refs has more than ${MOST_REFS} items`);
  const read = refs.map((ref, at) => refOf(ref, `refs[${at}]`, reader));
  return read.length === 0 ? {} : { refs: read };
}

function refOf(ref: Json, field: string, reader: AnnotationReader): JsonObject {
  if (!isObject(ref)) return refuse(reader, `${field} must be an object`);
  const text = (name: string, value: Json | undefined): string => {
    if (typeof value === "string") return value;
    // What looks like a number may be meant as a name.
    if (typeof value === "number") return String(value);
    if (value !== undefined && value !== null) {
      reader.wrong(NAME, `${field}.${name} must be a text`);
    }
    return "";
  };
  const labels = ref.labels ?? {};
  if (!isObject(labels)) return refuse(reader, `${field}.labels must be a map of texts`);
  const texts = Object.entries(labels).map(([key, value]) => [key, text(`labels.${key}`, value)]);
  return {
    ...withoutZeros({
      kind: text("kind", ref.kind),
      name: text("name", ref.name),
      namespace: text("namespace", ref.namespace),
      port: portOf(ref.port, field, reader),
    }),
    ...(texts.length === 0 ? {} : { labels: Object.fromEntries(texts) }),
  };
}

function portOf(value: Json | undefined, field: string, reader: AnnotationReader): number {
  if (value === undefined || value === null) return 0;
  const port = typeof value === "number" || typeof value === "string" ? Number(value) : NaN;
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  reader.wrong(NAME, `${field}.port must be a port`);
  return 0;
}

function refuse(reader: AnnotationReader, message: string): JsonObject {
  reader.wrong(NAME, message);
  return {};
}
