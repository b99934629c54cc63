/**
 * The tags of an inbound. Those of Kuma are added last, and no label of a pod or a node whose name holds
 * `kuma.io/` becomes a tag, so that none of them can be overridden.
 *
 * @module
 */
import { TAGS } from "core/kube/annotations.ts";
import type { PodFacts, ServiceFacts, ServicePortFacts, Texts } from "./facts.ts";

/** What tags say beside the pod. */
export interface TagSources {
  /** Name of the zone; empty for none. */
  readonly zone: string;
  /** Labels of the pod's node that are copied. */
  readonly nodeLabels: Texts;
}

/** Tags of an inbound that a Service's port leads to. */
export function serviceTags(
  pod: PodFacts,
  service: ServiceFacts,
  port: ServicePortFacts,
  protocol: string,
  sources: TagSources,
): Texts {
  return {
    ...labelTags(pod.labels),
    ...labelTags(sources.nodeLabels),
    [TAGS.namespace]: pod.namespace,
    [TAGS.serviceName]: service.name,
    [TAGS.servicePort]: String(port.port),
    [TAGS.service]: `${service.name}_${pod.namespace}_svc_${port.port}`,
    ...zoneTag(sources.zone),
    [TAGS.protocol]: protocol,
    ...(service.headless ? { [TAGS.instance]: pod.name } : {}),
  };
}

/**
 * Tags of the one inbound of a pod that no Service leads to. Kuma 2.9 takes labels with `kuma.io/` too, against
 * its documentation; here they are left out.
 */
export function servicelessTags(pod: PodFacts, ownerName: string, sources: TagSources): Texts {
  return {
    ...labelTags(pod.labels),
    ...labelTags(sources.nodeLabels),
    [TAGS.namespace]: pod.namespace,
    [TAGS.service]: `${ownerName}_${pod.namespace}_svc`,
    ...zoneTag(sources.zone),
    [TAGS.protocol]: "tcp",
    [TAGS.instance]: pod.name,
  };
}

/** The tag of the zone; none where it has no name. */
export function zoneTag(zone: string): Texts {
  return zone === "" ? {} : { [TAGS.zone]: zone };
}

/** Labels that become tags, sorted: no empty ones, which no tag may be, and none that is reserved to Kuma. */
function labelTags(labels: Texts): Texts {
  const free = Object.entries(labels)
    .filter(([key, value]) => value !== "" && !key.includes("kuma.io/"));
  return Object.fromEntries(free.sort(([a], [b]) => a < b ? -1 : 1));
}
