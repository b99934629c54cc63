/**
 * Whether a node carries the taint that keeps pods away until its CNI is ready.
 *
 * @module
 */
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import type { CniPodView } from "./cni_pod.ts";

/** Key of the taint, as in Kuma 2.9; nodes can be born with it (kubelet's `--register-with-taints`). */
export const TAINT_KEY = "NodeReadiness";
const EFFECT = "NoSchedule";

/** What is looked at of a node. */
export interface NodeView {
  readonly name: string;
  readonly taints: readonly Json[];
  /** Kuma has no CNI for Windows: such a node would stay tainted for good. */
  readonly windows: boolean;
}

/**
 * The taints that the node should have in place of its own, undefined where it has them already. A node with a
 * ready pod of the CNI has no such taint, any other node has one, at the end; taints of others stay
 * as they are, in their order. Pure.
 */
export function decideTaints(node: NodeView, pods: Iterable<CniPodView>): Json[] | undefined {
  const tainted = isTainted(node);
  const wanted = !node.windows && !hasReadyPod(node.name, pods);
  if (tainted === wanted) return undefined;
  return wanted
    ? [...node.taints, { key: TAINT_KEY, effect: EFFECT }]
    : node.taints.filter((taint) => !isOurs(taint));
}

/** Whether the node carries the taint. */
export function isTainted({ taints }: NodeView): boolean {
  return taints.some(isOurs);
}

function hasReadyPod(node: string, pods: Iterable<CniPodView>): boolean {
  for (const pod of pods) if (pod.node === node && pod.ready) return true;
  return false;
}

/** Key and effect count, as in Kuma 2.9: `NodeReadiness:NoExecute` is somebody else's. */
function isOurs(taint: Json): boolean {
  return isObject(taint) && taint.key === TAINT_KEY && taint.effect === EFFECT;
}

/** The view of a Node; undefined for what is none. */
export function viewNode(object: JsonObject): NodeView | undefined {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const spec = isObject(object.spec) ? object.spec : {};
  const labels = isObject(metadata.labels) ? metadata.labels : {};
  if (typeof metadata.name !== "string") return undefined;
  return {
    name: metadata.name,
    taints: Array.isArray(spec.taints) ? spec.taints : [],
    windows: labels["kubernetes.io/os"] === "windows",
  };
}
