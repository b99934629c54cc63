/**
 * What is kept of a pod with a sidecar: few and short things, since there may be thousands.
 *
 * @module
 */
import { type CheckedPod, viewCheckedPod } from "core/interception/checked_pod.ts";
import { skipByPod } from "core/interception/skip.ts";
import { CONTAINERS } from "core/kube/annotations.ts";
import { viewPod } from "core/kube/pod.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import { initEnd } from "../../pod/init_end.ts";

/** A pod with a sidecar. */
export interface MeshedPod {
  readonly namespace: string;
  readonly name: string;
  /** Empty where it is on none yet. */
  readonly node: string;
  /** It is redirected by kuma-init; else by kuma-cni. */
  readonly byInit: boolean;
  /** Of kuma-init: how it failed. */
  readonly failure?: string;
  /** Of kuma-validation, where it has failed. */
  readonly check?: CheckedPod;
  /** kuma-validation has found the interception. */
  readonly passed: boolean;
  /** Why kuma-cni leaves it alone, by what it is. */
  readonly skipped?: string;
  /** It has an address, and so should have a Dataplane. */
  readonly addressed: boolean;
  /** `status.startTime` in milliseconds since 1970; absent where it does not say. */
  readonly startedAt?: number;
  readonly sidecarImage: string;
  /** Of kuma-init or kuma-validation; empty where it has neither. */
  readonly initImage: string;
}

/** Reads one; undefined for what is no pod. */
export function readMeshed(object: JsonObject): MeshedPod | undefined {
  const view = viewPod(object);
  if (view === undefined) return undefined;
  const spec = isObject(object.spec) ? object.spec : {};
  const status = isObject(object.status) ? object.status : {};
  const containers = [...objectsIn(spec.initContainers), ...objectsIn(spec.containers)];
  const image = (...names: string[]) => {
    const found = containers.find(({ name }) => names.includes(String(name)))?.image;
    return typeof found === "string" ? found : "";
  };
  const byInit = view.initContainers.includes(CONTAINERS.init);
  const end = byInit ? initEnd(object) : undefined;
  const checked = byInit ? undefined : viewCheckedPod(object);
  const skipped = byInit ? undefined : skipByPod(view);
  const startedAt = Date.parse(String(status.startTime));
  return {
    namespace: view.namespace,
    name: view.name,
    node: typeof spec.nodeName === "string" ? spec.nodeName : "",
    byInit,
    ...(end?.works === "no" ? { failure: end.evidence } : {}),
    ...(checked?.check === "failed" ? { check: checked } : {}),
    passed: checked?.check === "passed",
    ...(skipped === undefined ? {} : { skipped }),
    addressed: typeof status.podIP === "string" && status.podIP !== "",
    ...(Number.isNaN(startedAt) ? {} : { startedAt }),
    sidecarImage: image(CONTAINERS.sidecar),
    initImage: image(CONTAINERS.init, CONTAINERS.validation),
  };
}
