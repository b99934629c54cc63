/**
 * A cluster with the objects of files laid over it, as if they had been applied.
 *
 * @module
 */
import { isObject, type JsonObject, own, scalarText } from "core/patch/json.ts";
import type { Cluster, NamespaceView } from "../context.ts";
import type { TextMap } from "../pod.ts";

/** Kinds that decide an injection, and are no pods. */
export const CLUSTER_KINDS: readonly string[] = [
  "Namespace",
  "Mesh",
  "ContainerPatch",
  "ConfigMap",
];

/** `cluster`, in which Namespaces, Meshes, ContainerPatches and ConfigMaps of `objects` are, too. */
export function withObjects(
  cluster: Cluster,
  objects: readonly JsonObject[],
  systemNamespace: string,
): Cluster {
  const find = (kind: string, name: string, namespaces: readonly string[] = [""]) =>
    objects.findLast((one) =>
      one.kind === kind && member(one, "name") === name &&
      (namespaces[0] === "" || namespaces.includes(member(one, "namespace")))
    );
  return {
    namespace(name) {
      const given = find("Namespace", name);
      return given === undefined ? cluster.namespace(name) : view(given);
    },
    hasMesh: (name) => find("Mesh", name) !== undefined || cluster.hasMesh(name),
    containerPatch(name) {
      // Only those of the system namespace count; a file may leave it to kubectl's --namespace.
      const given = find("ContainerPatch", name, [systemNamespace, "default"]);
      return given === undefined ? cluster.containerPatch(name) : { spec: given.spec ?? {} };
    },
    configMap(namespace, name) {
      const given = find("ConfigMap", name, [namespace]);
      return given === undefined ? cluster.configMap(namespace, name) : texts(given.data);
    },
  };
}

function view({ metadata }: JsonObject): NamespaceView {
  const { labels, annotations } = isObject(metadata) ? metadata : {};
  return { labels: texts(labels), annotations: texts(annotations) };
}

function member({ metadata }: JsonObject, key: "name" | "namespace"): string {
  const value = isObject(metadata) ? own(metadata, key) : undefined;
  return typeof value === "string" ? value : "default";
}

function texts(value: unknown): TextMap {
  const map = typeof value === "object" && value !== null ? value as JsonObject : {};
  return Object.fromEntries(Object.entries(map).map(([key, text]) => [key, scalarText(text)]));
}
