/**
 * What a node's programs look at in a Pod (core/v1), and nothing else.
 *
 * @module
 */

import { isRecord } from "core/patch/json.ts";
import { CONTAINERS } from "./annotations.ts";

/** A pod as far as interception goes. */
export interface PodView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Names of the containers, in their order. */
  readonly containers: readonly string[];
  readonly initContainers: readonly string[];
  /** `securityContext.runAsUser` of the sidecar's container, else of the pod; absent where neither says it. */
  readonly sidecarUser?: number;
}

/** The view of an API object; undefined where it is not the shape of a Pod. */
export function viewPod(value: unknown): PodView | undefined {
  if (!isRecord(value) || !isRecord(value.metadata) || !isRecord(value.spec)) return undefined;
  const { namespace, name, uid, annotations = {} } = value.metadata;
  if (typeof namespace !== "string" || typeof name !== "string" || typeof uid !== "string") {
    return undefined;
  }
  const containers = containerNames(value.spec.containers ?? []);
  const initContainers = containerNames(value.spec.initContainers ?? []);
  if (containers === undefined || initContainers === undefined) return undefined;
  if (!isTexts(annotations)) return undefined;
  const user = sidecarUser(value.spec);
  return {
    ...{ namespace, name, uid, annotations, containers, initContainers },
    ...(user === undefined ? {} : { sidecarUser: user }),
  };
}

/** Called for a spec whose lists of containers are known to be lists. */
function sidecarUser(spec: Record<string, unknown>): number | undefined {
  const all = [spec.containers, spec.initContainers].flatMap((list): unknown[] =>
    Array.isArray(list) ? list : []
  );
  const sidecar = all.find((one) => isRecord(one) && one.name === CONTAINERS.sidecar);
  if (!isRecord(sidecar)) return undefined;
  return runAsUser(sidecar.securityContext) ?? runAsUser(spec.securityContext);
}

function runAsUser(context: unknown): number | undefined {
  const user = isRecord(context) ? context.runAsUser : undefined;
  return typeof user === "number" && Number.isInteger(user) && user >= 0 ? user : undefined;
}

function containerNames(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const names: unknown[] = value.map((one: unknown) => isRecord(one) ? one.name : undefined);
  return names.every((name) => typeof name === "string") ? names : undefined;
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((one) => typeof one === "string");
}
