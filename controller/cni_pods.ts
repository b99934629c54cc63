/**
 * The pods of the CNI, by node: what the taint controller and the repair ask about.
 *
 * @module
 */
import type { KubeClient } from "core/cluster/client.ts";
import { Informer } from "core/cluster/informer.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { Settings } from "./settings/table.ts";

/** What is looked at of a pod of the CNI. */
export interface CniPodView {
  readonly node: string;
  /** Phase Running and condition Ready. */
  readonly ready: boolean;
  /** Since when that is so, in milliseconds since 1970 of the node's clock; absent where nobody says it. */
  readonly readySince?: number;
}

/** What the informer is made from. */
export interface CniPodsOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly settings: Pick<Settings, "cniApp" | "cniNamespace">;
}

/** An informer of them, which has to be run; it needs `list` and `watch` on pods of the CNI's namespace. */
export function cniPodInformer({ client, log, settings }: CniPodsOptions): Informer<CniPodView> {
  return new Informer({
    connection: client,
    log,
    name: "cni-pods",
    path: `/api/v1/namespaces/${encodeURIComponent(settings.cniNamespace)}/pods`,
    keep: (object) => viewCniPod(object, settings.cniApp),
    indices: { node: ({ node }) => [node] },
  });
}

/** The CNI's pods of a node. */
export function cniPodsOn(informer: Informer<CniPodView>, node: string): CniPodView[] {
  return informer.by("node", node).flatMap((key) => informer.get(key) ?? []);
}

/** Calls with the names of the nodes that a change of a CNI pod concerns; returns how to end that. */
export function watchCniPods(
  informer: Informer<CniPodView>,
  concerns: (node: string) => void,
): () => void {
  return informer.subscribe((event) => {
    if (event.type !== "added") concerns(event.old.node);
    if (event.type !== "deleted") concerns(event.object.node);
  });
}

/** The view of a Pod of the CNI: one with the label `app` of that value, on a node; undefined for others. */
export function viewCniPod(object: JsonObject, app: string): CniPodView | undefined {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const spec = isObject(object.spec) ? object.spec : {};
  const status = isObject(object.status) ? object.status : {};
  const labels = isObject(metadata.labels) ? metadata.labels : {};
  if (labels.app !== app || typeof spec.nodeName !== "string" || spec.nodeName === "") {
    return undefined;
  }
  const condition = objectsIn(status.conditions)
    .find(({ type, status }) => type === "Ready" && status === "True");
  if (status.phase !== "Running" || condition === undefined) {
    return { node: spec.nodeName, ready: false };
  }
  const readySince = Date.parse(String(condition.lastTransitionTime));
  return {
    node: spec.nodeName,
    ready: true,
    ...(Number.isNaN(readySince) ? {} : { readySince }),
  };
}
