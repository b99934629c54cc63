/**
 * What keeps a drain of nodes from taking all replicas at once.
 *
 * @module
 */
import type { V1PodDisruptionBudget } from "@kubernetes/client-node";
import { NAME, named, SELECTOR } from "./names.ts";

/** One pod at a time may go: a `minAvailable` of 1 would block every drain where there is one replica. */
export function disruptionBudget(namespace: string): V1PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: named(NAME, namespace),
    spec: { maxUnavailable: 1, selector: { matchLabels: { ...SELECTOR } } },
  };
}
