/**
 * A pod of the CNI, as far as the pods of its node depend on it.
 *
 * @module
 */
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";

/** What is looked at of a pod of the CNI. */
export interface CniPodView {
  readonly node: string;
  /** Phase Running and condition Ready. */
  readonly ready: boolean;
  /** Since when that is so, in milliseconds since 1970 of the node's clock; absent where nobody says it. */
  readonly readySince?: number;
}

/** The view of a Pod of the CNI: one with the label `app` of that value, on a node; undefined for others. */
export function viewCniPod(object: JsonObject, app: string): CniPodView | undefined {
  const { labels } = isObject(object.metadata) ? object.metadata : {};
  return isObject(labels) && labels.app === app ? viewOnNode(object) : undefined;
}

/**
 * The view of a Pod of the CNI, ours or Kuma's, known by its container, whatever its labels; undefined for others.
 * Where nobody says how they are labelled.
 */
export function viewInstaller(object: JsonObject): CniPodView | undefined {
  const { containers } = isObject(object.spec) ? object.spec : {};
  const known = objectsIn(containers).some(({ name }) => name === INSTALLER);
  return known ? viewOnNode(object) : undefined;
}

/** The CNI's container, here and in Kuma's chart. */
export const INSTALLER = "install-cni";

function viewOnNode(object: JsonObject): CniPodView | undefined {
  const spec = isObject(object.spec) ? object.spec : {};
  const status = isObject(object.status) ? object.status : {};
  if (typeof spec.nodeName !== "string" || spec.nodeName === "") return undefined;
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
