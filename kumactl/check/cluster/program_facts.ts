/**
 * What is kept of a Deployment or DaemonSet that is a program of ours, or Kuma's control plane or CNI.
 *
 * @module
 */
import { INSTALLER } from "core/interception/cni_pod.ts";
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";

/** Programs by the container that runs them; `control-plane` is Kuma's. */
const PROGRAM_CONTAINERS = [
  "kuma-webhook",
  "kuma-controller",
  "control-plane",
  INSTALLER,
  "kuma-ebpf-loader",
] as const;

/** A program as it is installed. */
export interface Program {
  readonly kind: "Deployment" | "DaemonSet";
  readonly namespace: string;
  readonly name: string;
  readonly container: typeof PROGRAM_CONTAINERS[number];
  readonly image: string;
  readonly args: readonly string[];
  readonly account: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Who may run where is also decided by an affinity. */
  readonly affinity: boolean;
  /** Secrets that it mounts. */
  readonly secrets: readonly string[];
  /** Pods that are wanted, those of the newest version, and those that are available. */
  readonly wanted: number;
  readonly updated: number;
  readonly available: number;
  /** What the controller last said about a rollout that does not go on. */
  readonly stuck?: string;
  /** The status is about an older version. */
  readonly unobserved: boolean;
}

/** Reads one; undefined for what is no program of ours. */
export function readProgram(object: JsonObject, kind: Program["kind"]): Program | undefined {
  const metadata = record(object.metadata);
  const spec = record(object.spec);
  const status = record(object.status);
  const pod = record(record(spec.template).spec);
  const found = objectsIn(pod.containers).flatMap((one) => {
    const name = PROGRAM_CONTAINERS.find((known) => known === one.name);
    return name === undefined ? [] : [{ name, one }];
  })[0];
  if (found === undefined) return undefined;
  const { one } = found;
  return {
    kind,
    namespace: String(metadata.namespace),
    name: String(metadata.name),
    container: found.name,
    image: String(one.image),
    args: Array.isArray(one.args) ? one.args.map(String) : [],
    account: String(pod.serviceAccountName ?? "default"),
    nodeSelector: record(pod.nodeSelector) as Readonly<Record<string, string>>,
    affinity: isObject(record(pod.affinity).nodeAffinity),
    secrets: objectsIn(pod.volumes).flatMap(({ secret }) => {
      const name = record(secret).secretName;
      return typeof name === "string" ? [name] : [];
    }),
    ...(kind === "Deployment" ? ofDeployment(spec, status) : ofDaemonSet(status)),
    unobserved: count(status.observedGeneration) < count(metadata.generation),
  };
}

function ofDeployment(spec: JsonObject, status: JsonObject) {
  const condition = objectsIn(status.conditions).find(({ type, status }) =>
    (type === "Progressing" || type === "ReplicaFailure") &&
    (type === "ReplicaFailure") === (status === "True")
  );
  return {
    wanted: typeof spec.replicas === "number" ? spec.replicas : 1,
    updated: count(status.updatedReplicas),
    available: count(status.availableReplicas),
    ...(condition === undefined ? {} : { stuck: String(condition.message) }),
  };
}

function ofDaemonSet(status: JsonObject) {
  return {
    wanted: count(status.desiredNumberScheduled),
    updated: count(status.updatedNumberScheduled),
    available: count(status.numberAvailable),
  };
}

function record(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function count(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}

/** `Deployment kuma-system/kuma-webhook`. */
export function nameOf({ kind, namespace, name }: Program): string {
  return `${kind} ${namespace}/${name}`;
}
