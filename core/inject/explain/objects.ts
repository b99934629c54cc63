/**
 * Objects of files that `explain` is given.
 *
 * @module
 */
import { parseAllDocuments } from "yaml";
import { errorText, KumaError } from "core/errors.ts";
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";

/** An alias may be used this often: a file of many pods may share parts, and none expands without end. */
const MOST_ALIASES = 1000;

/**
 * The objects of a YAML or JSON text, of all its documents, those of lists one by one.
 *
 * @throws KumaError `KUMA-WH-001` naming the file and the place.
 */
export function readObjects(text: string, name: string): JsonObject[] {
  try {
    return parseAllDocuments(text, { merge: true }).flatMap((document, at) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      const value = document.toJS({ maxAliasCount: MOST_ALIASES }) as Json;
      if (value === null) return [];
      if (!isObject(value)) throw new SyntaxError(`document ${at + 1} is no object`);
      return isList(value) ? objectsIn(value.items) : [value];
    });
  } catch (cause) {
    throw new KumaError("KUMA-WH-001", `${name}: ${errorText(cause)}`, { cause });
  }
}

function isList({ kind, items }: JsonObject): boolean {
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items);
}

/** A pod that is to be explained. */
export interface GivenPod {
  /** `Deployment web`; a pod's own name where it is one. */
  readonly what: string;
  readonly pod: JsonObject;
}

/** Where each kind has the template of its pods. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicationController: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
  PodTemplate: ["template"],
};

/** Kinds whose pods {@linkcode podOf} knows. */
export const WORKLOADS: readonly string[] = ["Pod", ...Object.keys(TEMPLATES)];

/** Whether an object of any kind makes pods as a Deployment does: Rollouts and DeploymentConfigs, for example. */
function hasTemplate({ spec }: JsonObject): boolean {
  const template = isObject(spec) ? spec.template : undefined;
  const ofPod = isObject(template) ? template.spec : undefined;
  return isObject(ofPod) && Array.isArray(ofPod.containers);
}

/**
 * The pod that an object is, or that its controller would make; undefined for an object of another kind.
 *
 * @throws KumaError `KUMA-WH-001` for one that has no template.
 */
export function podOf(object: JsonObject): GivenPod | undefined {
  const { kind, metadata } = object;
  if (kind === undefined || kind === "Pod") return { what: "Pod", pod: object };
  const path = typeof kind === "string" && Object.hasOwn(TEMPLATES, kind)
    ? TEMPLATES[kind]
    : hasTemplate(object)
    ? ["spec", "template"]
    : undefined;
  if (path === undefined) return undefined;
  const { name = "", namespace } = isObject(metadata) ? metadata : {};
  const what = `${String(kind)} ${typeof name === "string" ? name : ""}`;
  let template: Json | undefined = object;
  for (const key of path) template = isObject(template) ? template[key] : undefined;
  if (!isObject(template)) {
    throw new KumaError("KUMA-WH-001", `${what}: ${path.join(".")} is no template of a pod`);
  }
  const own = isObject(template.metadata) ? template.metadata : {};
  return {
    what,
    pod: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...own,
        ...(kind === "StatefulSet" ? { name: `${name}-0` } : { generateName: `${name}-` }),
        ...(namespace === undefined ? {} : { namespace }),
      },
      spec: template.spec ?? null,
    },
  };
}
