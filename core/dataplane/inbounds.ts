/**
 * The inbounds of a pod: one for each port of each of its Services, or the single one of a pod without.
 *
 * @module
 */
import { CONTAINERS } from "core/kube/annotations.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { PodFacts, ServiceFacts, Texts } from "./facts.ts";
import type { Problems } from "./problems.ts";
import { protocolOf } from "./protocol.ts";
import { selects, targetOf } from "./services.ts";
import { servicelessTags, serviceTags, type TagSources } from "./tags.ts";

/** The port that marks an inbound which no Service leads to. */
const SERVICELESS_PORT = 49_151;

/** Whether proxies elsewhere send to an inbound. */
export type InboundState = "Ready" | "NotReady" | "Ignored";

/** One inbound. */
export interface Inbound {
  readonly port: number;
  /** The Service port's; empty for none. */
  readonly name: string;
  readonly tags: Texts;
  readonly state: InboundState;
}

/** A Service's port whose target no container declares. */
export interface Unresolved {
  readonly service: string;
  readonly port: number;
  readonly target: string;
}

/**
 * The inbounds from Services, in the order of the Services and of their ports, without de-duplication: one
 * container port under two names is two inbounds.
 */
export function serviceInbounds(
  pod: PodFacts,
  services: readonly ServiceFacts[],
  sources: TagSources,
  problems: Problems,
): { inbounds: Inbound[]; unresolved: Unresolved[] } {
  const inbounds: Inbound[] = [];
  const unresolved: Unresolved[] = [];
  for (const service of services) {
    if (service.externalName) continue;
    for (const port of service.ports) {
      if (port.protocol !== "TCP") continue;
      const target = targetOf(port, pod.containers);
      if (target === undefined) {
        const { name } = service;
        unresolved.push({ service: name, port: port.port, target: String(port.targetPort) });
        continue;
      }
      const protocol = protocolOf(service, port, problems);
      inbounds.push({
        port: target.port,
        name: port.name,
        tags: serviceTags(pod, service, port, protocol, sources),
        state: stateOf(pod, service, target.container),
      });
    }
  }
  return { inbounds, unresolved };
}

/**
 * The inbound of a pod that no Service leads to. It is not ready while the pod is being terminated, as the
 * documentation has it; Kuma 2.9 does not look at that here.
 */
export function servicelessInbound(
  pod: PodFacts,
  ownerName: string,
  sources: TagSources,
): Inbound {
  const unready = pod.leaving || pod.sidecarUnready ||
    pod.containers.some(({ name }) => name !== CONTAINERS.sidecar && pod.unready.includes(name));
  return {
    port: SERVICELESS_PORT,
    name: "",
    tags: servicelessTags(pod, ownerName, sources),
    state: unready ? "NotReady" : "Ready",
  };
}

/**
 * A Service that only ignored keys of its selector tell apart from the pod makes an Ignored inbound: the proxy
 * has a certificate for it before traffic comes.
 */
function stateOf(
  pod: PodFacts,
  { selector }: ServiceFacts,
  container: string | undefined,
): InboundState {
  if (selector !== undefined && !selects(selector, pod.labels)) return "Ignored";
  const unready = pod.leaving || pod.sidecarUnready ||
    container !== undefined && pod.unready.includes(container);
  return unready ? "NotReady" : "Ready";
}

/** An inbound as the object has it: Ready is the zero value, and `health` the older form of it. */
export function inboundObject({ port, name, tags, state }: Inbound): JsonObject {
  return {
    port,
    ...(name === "" ? {} : { name }),
    tags: { ...tags },
    ...(state === "Ready" ? { health: { ready: true } } : { state, health: {} }),
  };
}
