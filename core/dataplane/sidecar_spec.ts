/**
 * The spec of the Dataplane of a pod with a sidecar, a delegated gateway among them.
 *
 * @module
 */
import { ANNOTATIONS, TAGS } from "core/kube/annotations.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { AnnotationReader } from "./annotation_reader.ts";
import type { PodCase, Warning } from "./decision.ts";
import type { Texts } from "./facts.ts";
import { type Inbound, inboundObject, serviceInbounds, servicelessInbound } from "./inbounds.ts";
import { metrics } from "./metrics.ts";
import { ownerName } from "./owner_name.ts";
import { probes } from "./probes.ts";
import type { Problems } from "./problems.ts";
import { servicesOf } from "./services.ts";
import { transparentProxying } from "./transparent_proxying.ts";
import { unresolvedPort } from "./warnings.ts";

/** The spec, or what has to be known first. */
type SidecarSpec =
  | { readonly spec: JsonObject; readonly warnings: readonly Warning[] }
  | { readonly unknown: string };

/** Makes the spec; what is wrong is noted. */
export function sidecarSpec(
  one: PodCase,
  reader: AnnotationReader,
  problems: Problems,
): SidecarSpec {
  const { pod } = one;
  const found = inboundsOf(one, problems);
  if ("unknown" in found) return found;
  const adminPort = reader.port(ANNOTATIONS.envoyAdminPort);
  const redirection = transparentProxying(reader);
  const figures = metrics(pod.annotations, reader);
  const virtualProbes = probes(pod, reader, problems);
  return {
    spec: {
      networking: {
        address: pod.address,
        // Port 0 is the zero value, and left out.
        ...(adminPort === undefined ? {} : { admin: adminPort === 0 ? {} : { port: adminPort } }),
        ...side(found.inbounds, reader),
        ...(redirection === undefined ? {} : { transparentProxying: redirection }),
      },
      ...(figures === undefined ? {} : { metrics: figures }),
      ...(virtualProbes === undefined ? {} : { probes: virtualProbes }),
    },
    warnings: found.warnings,
  };
}

function inboundsOf(
  { pod, around, settings }: PodCase,
  problems: Problems,
): { inbounds: Inbound[]; warnings: Warning[] } | { unknown: string } {
  if (pod.node !== "" && around.nodeLabels === undefined) return { unknown: `Node ${pod.node}` };
  const sources = { zone: settings.zone, nodeLabels: around.nodeLabels ?? {} };
  const { ignoredSelectorLabels } = settings;
  const services = servicesOf(pod, around.services, around.backs, ignoredSelectorLabels);
  const { inbounds, unresolved } = serviceInbounds(pod, services, sources, problems);
  const warnings = unresolved.map(unresolvedPort);
  if (inbounds.length > 0) return { inbounds, warnings };
  const owner = ownerName(pod, around.ownersOf);
  if ("unknown" in owner) return owner;
  return { inbounds: [servicelessInbound(pod, owner.name, sources)], warnings };
}

/**
 * Inbounds, or those of a delegated gateway: the tags of its first. With `provided`, Kuma 2.9 makes tags that its
 * own webhook refuses where a Deployment owns the pod; here it is the same as `enabled`.
 */
function side(inbounds: readonly Inbound[], reader: AnnotationReader): JsonObject {
  const gateway = reader.text(ANNOTATIONS.gateway);
  if (gateway === undefined) return { inbound: inbounds.map(inboundObject) };
  if (gateway !== "enabled" && gateway !== "provided") {
    reader.wrongValue(ANNOTATIONS.gateway, gateway, "write enabled, or leave it out");
  }
  return { gateway: { tags: gatewayTags(inbounds[0]?.tags ?? {}) } };
}

/** A gateway speaks TCP, and may say nothing else. */
function gatewayTags(tags: Texts): JsonObject {
  const { [TAGS.protocol]: protocol, ...others } = tags;
  return protocol === "tcp" ? { ...tags } : others;
}
