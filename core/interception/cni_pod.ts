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
