/**
 * Reads a Pod for what decides its Dataplane.
 *
 * @module
 */
import { ANNOTATIONS, CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { ContainerFacts, PodFacts, ProbeFacts } from "./facts.ts";
import { metadataOf, numberOf, ownersOf, textOf, textsOf } from "./read_facts.ts";

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;

/** Annotations that make a pod the mesh's business. */
const MARKS = [
  ANNOTATIONS.sidecarInjected,
  ANNOTATIONS.gateway,
  ANNOTATIONS.ingress,
  ANNOTATIONS.egress,
];

/** A Pod; undefined for one that the mesh has nothing to do with: no Dataplane is made or touched for it. */
export function readPod(object: JsonObject): PodFacts | undefined {
  const metadata = metadataOf(object);
  const annotations = textsOf(metadata.annotations, isOurs);
  if (!MARKS.some((mark) => Object.hasOwn(annotations, mark))) return undefined;
  const spec = isObject(object.spec) ? object.spec : {};
  const status = isObject(object.status) ? object.status : {};
  const containerStates = objectsIn(status.containerStatuses);
  const unready = firstOfEach(containerStates).filter(({ ready }) => ready === false);
  const sidecar = [...containerStates, ...objectsIn(status.initContainerStatuses)]
    .find(({ name }) => name === CONTAINERS.sidecar);
  return {
    namespace: textOf(metadata.namespace),
    name: textOf(metadata.name),
    uid: textOf(metadata.uid),
    labels: textsOf(metadata.labels),
    annotations,
    owners: ownersOf(object),
    node: textOf(spec.nodeName),
    phase: textOf(status.phase),
    reason: textOf(status.reason),
    address: textOf(status.podIP),
    leaving: typeof metadata.deletionTimestamp === "string",
    containers: objectsIn(spec.containers).map(containerOf),
    lateSidecars: lateSidecars(spec.initContainers),
    unready: unready.map(({ name }) => textOf(name)),
    sidecarUnready: sidecar?.ready === false,
  };
}

/** Those for the firewall are long, and say nothing here. */
function isOurs(name: string): boolean {
  return name.startsWith("kuma.io/") || name.startsWith("prometheus.metrics.kuma.io/");
}

function firstOfEach(states: readonly JsonObject[]): JsonObject[] {
  const seen = new Set<Json | undefined>();
  return states.filter(({ name }) => !seen.has(name) && seen.add(name));
}

function lateSidecars(value: Json | undefined): ContainerFacts[] {
  const containers = objectsIn(value);
  const sidecar = containers.findIndex(({ name }) => name === CONTAINERS.sidecar);
  if (sidecar < 0) return [];
  return containers.slice(sidecar + 1).filter(({ restartPolicy }) => restartPolicy === "Always")
    .map(containerOf);
}

function containerOf(container: JsonObject): ContainerFacts {
  return {
    name: textOf(container.name),
    ports: objectsIn(container.ports).map(({ name, containerPort, protocol }) => ({
      name: textOf(name),
      port: numberOf(containerPort),
      protocol: textOf(protocol) || "TCP",
    })),
    probes: PROBES.flatMap((kind) => probeOf(kind, container[kind])),
  };
}

function probeOf(kind: ProbeFacts["kind"], probe: Json | undefined): ProbeFacts[] {
  const httpGet = isObject(probe) ? probe.httpGet : undefined;
  if (!isObject(httpGet)) return [];
  const { port, path } = httpGet;
  return [{ kind, port: typeof port === "string" ? port : numberOf(port), path: textOf(path) }];
}
