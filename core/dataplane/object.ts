/**
 * A Dataplane as an object of the API server: made, read back, compared, corrected.
 *
 * @module
 */
import { ANNOTATIONS, LABELS } from "core/kube/annotations.ts";
import { jsonDiff } from "core/patch/diff.ts";
import type { Json, JsonObject } from "core/patch/json.ts";
import { jsonEqual, objectsIn } from "core/patch/json.ts";
import { formatPointer } from "core/patch/pointer.ts";
import type { Dataplane } from "./decision.ts";
import type { Texts } from "./facts.ts";
import { normalForm, sortedJson } from "./normal.ts";
import { type Endpoint, endpointsOf } from "./outbounds.ts";
import { metadataOf, textOf, textsOf } from "./read_facts.ts";
import { DATAPLANE_SPEC } from "./shape.ts";

/** What is kept of a Dataplane that is there. */
export interface DataplaneFacts {
  /** Mesh and spec in their normal form, as a text: thousands are kept, and only equality is asked of them. */
  readonly text: string;
  /** Its labels and annotations that we write. */
  readonly labels: Texts;
  readonly annotations: Texts;
  /** True where it has any, of whomever: then ours are added one by one. */
  readonly labelled: boolean;
  readonly annotated: boolean;
  /** `metadata.ownerReferences`. */
  readonly owners: readonly JsonObject[];
}

const LABEL_NAMES: readonly string[] = [
  LABELS.mesh,
  LABELS.origin,
  LABELS.zone,
  LABELS.env,
  LABELS.namespace,
];

/** The object that is created. */
export function dataplaneObject(wanted: Dataplane): JsonObject {
  const { namespace, name, mesh, labels, annotations, spec } = wanted;
  return {
    apiVersion: "kuma.io/v1alpha1",
    kind: "Dataplane",
    mesh,
    metadata: {
      namespace,
      name,
      labels: { ...labels },
      annotations: { ...annotations },
      ownerReferences: [ownerReference(wanted)],
    },
    spec,
  };
}

/** Reads one that is there. */
export function readDataplane(object: JsonObject): DataplaneFacts {
  const { labels, annotations, ownerReferences } = metadataOf(object);
  return {
    text: contentText(textOf(object.mesh), object.spec),
    labels: textsOf(labels, (name) => LABEL_NAMES.includes(name)),
    annotations: textsOf(annotations, (name) => name === ANNOTATIONS.displayName),
    labelled: labels !== undefined && labels !== null,
    annotated: annotations !== undefined && annotations !== null,
    owners: objectsIn(ownerReferences),
  };
}

/** Mesh and spec in their normal form, as text. */
export function contentText(mesh: string, spec: Json | undefined): string {
  return sortedJson({ mesh, spec: normalForm(spec, DATAPLANE_SPEC) ?? null });
}

/** The mesh of a Dataplane, and the endpoints that it is there. */
export function endpointsIn({ text }: DataplaneFacts): { mesh: string; endpoints: Endpoint[] } {
  const { mesh, spec } = JSON.parse(text) as { mesh: string; spec: Json };
  return { mesh, endpoints: endpointsOf(spec) };
}

/** Who controls a Dataplane; undefined for nobody. */
export function controllerOf(
  { owners }: DataplaneFacts,
): { kind: string; name: string; uid: string } | undefined {
  const found = owners.find(({ controller }) => controller === true);
  if (found === undefined) return undefined;
  return { kind: textOf(found.kind), name: textOf(found.name), uid: textOf(found.uid) };
}

/**
 * The JSON patch that makes the Dataplane what it should be; empty where it is. What others have added to its
 * metadata stays. It is not asked whose the Dataplane is: {@linkcode controllerOf}.
 */
export function dataplanePatch(there: DataplaneFacts, wanted: Dataplane): JsonObject[] {
  const operations: JsonObject[] = [];
  const add = (path: readonly string[], value: Json) =>
    operations.push({ op: "add", path: formatPointer(path), value });
  if (there.text !== contentText(wanted.mesh, wanted.spec)) {
    add(["mesh"], wanted.mesh);
    add(["spec"], wanted.spec);
  }
  const maps = [
    ["labels", there.labels, wanted.labels, there.labelled],
    ["annotations", there.annotations, wanted.annotations, there.annotated],
  ] as const;
  for (const [field, present, texts, exists] of maps) {
    const missing = Object.entries(texts).filter(([key, value]) => present[key] !== value);
    if (missing.length === 0) continue;
    if (!exists) add(["metadata", field], { ...texts });
    else for (const [key, value] of missing) add(["metadata", field, key], value);
  }
  const reference = ownerReference(wanted);
  if (!there.owners.some((owner) => jsonEqual(owner, reference))) {
    const others = there.owners.filter(({ controller }) => controller !== true);
    add(["metadata", "ownerReferences"], [...others, reference]);
  }
  return operations;
}

/** Where the Dataplane that is there differs, as JSON pointers, the first `most` of them. */
export function differences(there: DataplaneFacts, wanted: Dataplane, most: number): string[] {
  const expected = JSON.parse(contentText(wanted.mesh, wanted.spec)) as Json;
  const content = jsonDiff(JSON.parse(there.text) as Json, expected).map(({ path }) => path);
  const metadata = dataplanePatch({ ...there, text: contentText(wanted.mesh, wanted.spec) }, wanted)
    .map(({ path }) => textOf(path));
  return [...content, ...metadata].slice(0, most);
}

function ownerReference({ name, podUid }: Dataplane): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    name,
    uid: podUid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
