/**
 * The cases as they are written in `cases/*.yaml`, and the pods that they expect.
 *
 * @module
 */
import { parse } from "yaml";
import { isObject, type Json, jsonCopy, type JsonObject } from "core/patch/json.ts";

/** One case. Exactly one of `injected`, `untouched` and `denied` is there. */
export interface InjectionCase {
  name: string;
  file: string;
  /** Parts of the control plane's document; `injector` is short for `runtime.kubernetes.injector`. */
  settings?: JsonObject;
  injector?: JsonObject;
  namespace?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  /** Added to the base pod. */
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  spec?: JsonObject;
  cluster?: { minor?: string };
  /** The PEM text that sidecars trust. */
  caCert?: string;
  patches?: Record<string, JsonObject>;
  configMaps?: Record<string, Record<string, string>>;
  /** Path: value; how the pod differs from the base's expected pod. Null removes. */
  injected?: JsonObject;
  /** Text in the reason why the pod is left alone. */
  untouched?: string;
  /** Text in the message of the denial. */
  denied?: string;
  /** Text in one of the warnings. */
  warns?: string;
}

const FOLDER = new URL("./cases/", import.meta.url);
const base = parse(Deno.readTextFileSync(new URL("00_base.yaml", FOLDER))) as {
  pod: JsonObject;
  expected: JsonObject;
};

/** Every case, in the order of the files. */
export function allCases(): InjectionCase[] {
  const files = [...Deno.readDirSync(FOLDER)].map((entry) => entry.name).sort();
  return files.filter((file) => file !== "00_base.yaml").flatMap((file) => {
    const text = Deno.readTextFileSync(new URL(file, FOLDER));
    return (parse(text, { merge: true }) as InjectionCase[]).map((one) => ({ ...one, file }));
  });
}

/** The pod that a case sends. */
export function inputPod(one: InjectionCase): JsonObject {
  const pod = jsonCopy(base.pod);
  const metadata = pod.metadata as JsonObject;
  metadata.labels = { ...(metadata.labels as JsonObject), ...one.labels };
  if (one.annotations !== undefined) metadata.annotations = { ...one.annotations };
  pod.spec = { ...(pod.spec as JsonObject), ...one.spec };
  return pod;
}

/** The pod that must come back. */
export function expectedPod(one: InjectionCase): JsonObject {
  const pod = jsonCopy(base.expected);
  for (const [path, value] of Object.entries(one.injected ?? {})) {
    put(pod, path.split("/").map((token) => token.replaceAll("~1", "/")), resolved(value));
  }
  // Variables that a case adds are put last; the injector sorts those of the sidecar.
  for (const { name, env } of listsOfContainers(pod)) {
    if (name === "kuma-sidecar" && Array.isArray(env)) {
      env.sort((a, b) => nameOf(a) < nameOf(b) ? -1 : 1);
    }
  }
  return pod;
}

/** Replaces `{$base: path, …}` by what the base expects there, with the other keys over it. */
function resolved(value: Json): Json {
  if (Array.isArray(value)) return value.map(resolved);
  if (!isObject(value) || typeof value.$base !== "string") return value;
  const { $base, ...over } = value;
  let at: Json = base.expected;
  for (const token of $base.split("/")) at = child(at, token) as Json;
  return { ...(jsonCopy(at) as JsonObject), ...over };
}

/** Lists are addressed by the name of their items; a new name is appended. */
function put(at: Json, tokens: string[], value: Json): void {
  const [token = "", ...rest] = tokens;
  if (rest.length > 0) return put(child(at, token) as Json, rest, value);
  if (Array.isArray(at)) {
    const index = at.findIndex((item) => nameOf(item) === token);
    const item = isObject(value) ? { name: token, ...value } : value;
    if (value === null) at.splice(index, 1);
    else if (index >= 0) at[index] = item;
    else at.push(item);
  } else if (value === null) delete (at as JsonObject)[token];
  else (at as JsonObject)[token] = value;
}

function child(at: Json, token: string): Json | undefined {
  return Array.isArray(at) ? at.find((item) => nameOf(item) === token) : (at as JsonObject)[token];
}

function nameOf(item: Json): string {
  return isObject(item) ? String(item.name) : "";
}

function listsOfContainers(pod: JsonObject): JsonObject[] {
  const spec = pod.spec as JsonObject;
  return [spec.containers, spec.initContainers].flatMap((list) =>
    Array.isArray(list) ? list.filter(isObject) : []
  );
}
