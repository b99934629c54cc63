/**
 * A pod of a file as it would be when it runs.
 *
 * @module
 */
import { assumedCluster } from "core/inject/explain/assumed_cluster.ts";
import { explain, type Explanation } from "core/inject/explain/explain.ts";
import { withObjects } from "core/inject/explain/given_cluster.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { shippedContainerSchema } from "core/patch/schema.ts";
import type { SettingsDocument } from "core/settings/load.ts";
import { settingsOfDocument } from "./settings.ts";

/** etcd takes objects of 1.5 MiB at most; as YAML they may be longer, and there may be several. */
export const LONGEST_FILE = 8 * 1024 * 1024;

/** What became of a pod, by what. */
export interface InjectedPod {
  readonly explanation: Explanation;
  readonly cluster: ReturnType<typeof withObjects>;
  readonly assumed: ReturnType<typeof assumedCluster>;
  readonly injector: ReturnType<typeof settingsOfDocument>["injector"];
  readonly dataplaneSettings: ReturnType<typeof settingsOfDocument>["dataplaneSettings"];
}

/** The pod with a name and a namespace; `what` is what it is of, such as `Deployment web`. */
export function placed(pod: JsonObject, namespace: string, what: string): JsonObject {
  const metadata = isObject(pod.metadata) ? pod.metadata : {};
  const { name, generateName = "pod-" } = metadata;
  const own = typeof metadata.namespace === "string" ? metadata.namespace : "default";
  return {
    ...pod,
    metadata: {
      ...metadata,
      namespace: namespace === "" ? own : namespace,
      name: typeof name === "string" ? name : `${String(generateName)}…`,
      uid: "",
      ...(what === "Pod" ? {} : { ownerReferences: owner(what) }),
    },
  };
}

/** A Deployment's pods belong to a ReplicaSet of it; only the name that counts at the end is kept. */
function owner(what: string): JsonObject[] {
  const [kind = "", name = ""] = what.split(" ");
  return [{ kind, name, controller: true }];
}

/**
 * What the injector of a control plane with these settings makes of the pod, in a cluster that has the other objects
 * of the file and is assumed to have what else it needs.
 *
 * @throws {KumaError} as reading the settings does
 */
export async function injectedPod(
  pod: JsonObject,
  objects: readonly JsonObject[],
  document: SettingsDocument | undefined,
): Promise<InjectedPod> {
  const { injector, dataplaneSettings } = settingsOfDocument(document);
  const assumed = assumedCluster();
  const cluster = withObjects(assumed.cluster, objects, injector.settings.systemNamespace);
  const explanation = await explain(pod, "", {
    cluster,
    settings: injector.settings,
    origins: injector.origins,
    caCert: undefined,
    serverHasNativeSidecars: true,
    schema: shippedContainerSchema(),
  });
  return { explanation, cluster, assumed, injector, dataplaneSettings };
}
