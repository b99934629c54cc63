/**
 * The Events of a pod that tell of the mesh: those of our programs and Kuma's, and the kubelet's warnings about our
 * containers and about the network that the CNI makes.
 *
 * @module
 */
import type { ClusterReader, Found } from "core/cluster/reader.ts";
import { CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import type { PodEvent } from "./document.ts";

const OURS = [CONTAINERS.init, CONTAINERS.validation, CONTAINERS.sidecar];

/** Reads them, the oldest first. */
export async function readEvents(
  reader: ClusterReader,
  path: string,
  { metadata }: JsonObject,
): Promise<Found<PodEvent[]>> {
  const { name, uid } = isObject(metadata) ? metadata : {};
  const found = await reader.list(path, (event) => {
    const { involvedObject } = event;
    // An earlier pod may have had the same name.
    return isObject(involvedObject) && involvedObject.uid === uid ? ourEvent(event) : undefined;
  }, { fieldSelector: `involvedObject.kind=Pod,involvedObject.name=${String(name)}` });
  if (found.is !== "found") return found;
  return { is: "found", value: found.value.sort((a, b) => a.last < b.last ? -1 : 1) };
}

/** The Event, where it tells of the mesh. */
function ourEvent(event: JsonObject): PodEvent | undefined {
  const text = (value: unknown) => typeof value === "string" ? value : "";
  const source = isObject(event.source) ? event.source : {};
  const involved = isObject(event.involvedObject) ? event.involvedObject : {};
  const message = text(event.message);
  const who = `${text(source.component)} ${text(event.reportingComponent)}`;
  const where = text(involved.fieldPath);
  const ours = who.includes("kuma") || OURS.some((name) => where.includes(`{${name}}`)) ||
    /\bkuma-(?:cni|init|validation|sidecar)\b|\bKUMA-[A-Z]+-\d/.test(message);
  // That a container was pulled, made and started is the kubelet's everyday news.
  const everyday = event.type === "Normal" && !who.includes("kuma");
  if (!ours || everyday) return undefined;
  return {
    last: text(event.lastTimestamp) || text(event.eventTime),
    type: text(event.type),
    reason: text(event.reason),
    message,
    count: typeof event.count === "number" ? event.count : 1,
  };
}
