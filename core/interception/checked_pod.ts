/**
 * A pod of the mesh as far as the check of its own interception goes.
 *
 * The check is the init container `kuma-validation`, which opens a real connection inside the pod before any of
 * the pod's own containers starts. Pods without it (gateways, which nothing is redirected into, and those with
 * kuma-init) cannot be looked at from here.
 *
 * @module
 */
import { ANNOTATIONS, CONTAINERS, LABELS } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";

/** Exit code of a check that found no interception, of our kumactl as of Kuma 2.9's. 137 is a lack of memory. */
const FAILED = 1;

/** What is looked at. */
export interface CheckedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  /** `failed` from the first end with that code until one that is good. */
  readonly check: "failed" | "passed" | "pending";
  /** Ends of the check so far. */
  readonly restarts: number;
  /**
   * When its network was set up, in milliseconds since 1970 of the node's clock; where the kubelet does not tell
   * (before Kubernetes 1.29), when it took the pod, which is sooner. Absent before both.
   */
  readonly networkSince?: number;
  /** Somebody makes a new one where it is deleted: it has a controller, and is no static pod of a node. */
  readonly replaceable: boolean;
  /** It is being deleted, or has ended for good. */
  readonly over: boolean;
  readonly labelled: boolean;
}

/** The view of a Pod; undefined for one without a check, or on no node yet. */
export function viewCheckedPod(object: JsonObject): CheckedPod | undefined {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const spec = isObject(object.spec) ? object.spec : {};
  const status = isObject(object.status) ? object.status : {};
  const annotations = isObject(metadata.annotations) ? metadata.annotations : {};
  const labels = isObject(metadata.labels) ? metadata.labels : {};
  const { namespace, name, uid } = metadata;
  if (
    typeof namespace !== "string" || typeof name !== "string" || typeof uid !== "string" ||
    typeof spec.nodeName !== "string" || annotations[ANNOTATIONS.sidecarInjected] !== "true"
  ) return undefined;
  const check = objectsIn(status.initContainerStatuses)
    .find((one) => one.name === CONTAINERS.validation);
  if (check === undefined) return undefined;
  const networkSince = networkTime(status);
  return {
    ...{ namespace, name, uid },
    node: spec.nodeName,
    check: verdict(check),
    restarts: typeof check.restartCount === "number" ? check.restartCount : 0,
    ...(networkSince === undefined ? {} : { networkSince }),
    replaceable:
      objectsIn(metadata.ownerReferences).some(({ controller }) => controller === true) &&
      !Object.hasOwn(annotations, ANNOTATIONS.mirrorPod),
    over: metadata.deletionTimestamp !== undefined || status.phase === "Failed" ||
      status.phase === "Succeeded",
    labelled: Object.hasOwn(labels, LABELS.uninitialized),
  };
}

function verdict(check: JsonObject): CheckedPod["check"] {
  const now = exitCode(check.state);
  if (now === 0) return "passed";
  // While the next try waits or runs, the last one is what is known.
  return (now ?? exitCode(check.lastState)) === FAILED ? "failed" : "pending";
}

function exitCode(state: Json | undefined): number | undefined {
  const terminated = isObject(state) ? state.terminated : undefined;
  const code = isObject(terminated) ? terminated.exitCode : undefined;
  return typeof code === "number" ? code : undefined;
}

function networkTime(status: JsonObject): number | undefined {
  const condition = objectsIn(status.conditions)
    .find(({ type, status }) => type === "PodReadyToStartContainers" && status === "True");
  for (const text of [condition?.lastTransitionTime, status.startTime]) {
    const time = Date.parse(String(text));
    if (!Number.isNaN(time)) return time;
  }
  return undefined;
}
