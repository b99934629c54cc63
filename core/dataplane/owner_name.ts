/**
 * What a pod without a Service is called: by who runs it.
 *
 * @module
 */
import type { OwnerFacts, PodFacts } from "./facts.ts";

/** Owners of a ReplicaSet or Job of the pod's namespace; undefined where it is not known. */
export type OwnersOf = (
  kind: "ReplicaSet" | "Job",
  name: string,
) => readonly OwnerFacts[] | undefined;

/** The name, or the object that has to be known first. */
export type OwnerName = { readonly name: string } | { readonly unknown: string };

/** Which owner of such an owner names the pod. */
const ABOVE = { ReplicaSet: "Deployment", Job: "CronJob" } as const;

/** Goes through the pod's owners in the order written, as Kuma 2.9 does. */
export function ownerName(pod: PodFacts, ownersOf: OwnersOf): OwnerName {
  for (const { kind, name } of pod.owners) {
    if (kind !== "ReplicaSet" && kind !== "Job") return { name };
    const owners = ownersOf(kind, name);
    if (owners === undefined) {
      const guess = pod.leaving ? deploymentOf(name, pod) : undefined;
      return guess === undefined ? { unknown: `${kind} ${name}` } : { name: guess };
    }
    if (owners.length === 0) return { name };
    const above = owners.find((owner) => owner.kind === ABOVE[kind]);
    // Another kind of owner, such as Argo's Rollout: the pod's next owner is asked.
    if (above !== undefined) return { name: above.name };
  }
  return { name: pod.name };
}

/**
 * A Deployment that is deleted takes its ReplicaSet along before the pods are gone. Its name can still be told:
 * the ReplicaSet's is made of it and of the label that the Deployment put on the pod.
 */
function deploymentOf(replicaSet: string, { labels }: PodFacts): string | undefined {
  const hash = labels["pod-template-hash"] ?? "";
  const suffix = `-${hash}`;
  return hash !== "" && replicaSet.endsWith(suffix)
    ? replicaSet.slice(0, -suffix.length)
    : undefined;
}
