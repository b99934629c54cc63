/**
 * The pods of the CNI, by node: what the taint controller and the repair ask about.
 *
 * @module
 */
import type { KubeClient } from "core/cluster/client.ts";
import { Informer } from "core/cluster/informer.ts";
import { type CniPodView, viewCniPod } from "core/interception/cni_pod.ts";
import type { Logger } from "core/log/logger.ts";
import type { Settings } from "./settings/table.ts";

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
