/**
 * What the Pod Security level `restricted` (and whoever checks the same) wants of every container of a pod, ours
 * included, where the pod says it at its containers and not for all of them: then nothing of it reaches ours.
 *
 * @module
 */
import { isObject, type JsonObject } from "core/patch/json.ts";
import type { PodView } from "./pod.ts";

const PROFILES: readonly unknown[] = ["RuntimeDefault", "Localhost"];

/**
 * The container, in its final form, with `runAsNonRoot` and a `seccompProfile` where all containers of the pod have them
 * and neither the pod itself nor the container says anything about it. One that is root on purpose stays it.
 */
export function asItsNeighbours(container: JsonObject, pod: PodView): JsonObject {
  const { spec } = pod.object;
  const ofPod = contextOf(isObject(spec) ? spec : {});
  const all = [...pod.containers, ...pod.initContainers].map(contextOf);
  const own = contextOf(container);
  const added: Record<string, JsonObject[string]> = {};
  if (
    !isNonRoot(ofPod) && all.every(isNonRoot) && own.runAsUser !== 0 && !("runAsNonRoot" in own)
  ) added.runAsNonRoot = true;
  if (!hasProfile(ofPod) && all.every(hasProfile) && !("seccompProfile" in own)) {
    added.seccompProfile = { type: "RuntimeDefault" };
  }
  if (Object.keys(added).length === 0) return container;
  return { ...container, securityContext: { ...own, ...added } };
}

function contextOf({ securityContext }: JsonObject): JsonObject {
  return isObject(securityContext) ? securityContext : {};
}

function isNonRoot({ runAsNonRoot }: JsonObject): boolean {
  return runAsNonRoot === true;
}

function hasProfile({ seccompProfile }: JsonObject): boolean {
  return isObject(seccompProfile) && PROFILES.includes(seccompProfile.type);
}
