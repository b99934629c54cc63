/**
 * Which Services a pod belongs to, and which of its ports they lead to.
 *
 * @module
 */
import type { ContainerFacts, PodFacts, ServiceFacts, ServicePortFacts, Texts } from "./facts.ts";

/** Whether the labels have all that the selector asks for. */
export function selects(selector: Texts, labels: Texts): boolean {
  return Object.entries(selector).every(([key, value]) =>
    Object.hasOwn(labels, key) && labels[key] === value
  );
}

/** The selector as far as it counts: some keys change while one version follows another. */
export function countedSelector(selector: Texts, ignoredKeys: readonly string[]): Texts {
  return Object.fromEntries(Object.entries(selector).filter(([key]) => !ignoredKeys.includes(key)));
}

/**
 * The Services that count for a pod, by name in byte order.
 *
 * @param services of the pod's namespace, in any order; more than match may be given
 * @param backs whether an EndpointSlice of that Service names the pod
 * @param ignoredKeys keys of selectors that are passed over
 */
export function servicesOf(
  pod: PodFacts,
  services: readonly ServiceFacts[],
  backs: (service: string) => boolean,
  ignoredKeys: readonly string[],
): ServiceFacts[] {
  const matching = services.filter(({ namespace, name, selector, ignored }) => {
    if (ignored || namespace !== pod.namespace) return false;
    if (selector === undefined) return backs(name);
    return selects(countedSelector(selector, ignoredKeys), pod.labels);
  });
  // Names of Services are ASCII, so that this is the order of bytes.
  return matching.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** Where a Service's port leads to in a pod. */
export interface PortTarget {
  readonly port: number;
  /** The container that declares it; absent where none does. */
  readonly container?: string;
}

/** Finds the container port of a Service's port; undefined for a name that no container declares. */
export function targetOf(
  { targetPort, protocol }: ServicePortFacts,
  containers: readonly ContainerFacts[],
): PortTarget | undefined {
  for (const { name: container, ports } of containers) {
    for (const one of ports) {
      const matches = typeof targetPort === "string"
        ? one.name === targetPort
        : one.port === targetPort;
      if (matches && one.protocol === protocol) return { port: one.port, container };
    }
  }
  return typeof targetPort === "string" ? undefined : { port: targetPort };
}
