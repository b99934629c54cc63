/**
 * What the Deployments have in common: pods that fit the Pod Security level `restricted`, away from each other.
 *
 * @module
 */
import { first, type Node } from "./template/node.ts";
import { named, type Program } from "./names.ts";

/** User and group of the images: any that is not root and nobody else's. */
const IMAGE_USER = 65_532;

/** The pod's security context. */
export const POD_SECURITY: Node = {
  runAsNonRoot: true,
  runAsUser: IMAGE_USER,
  runAsGroup: IMAGE_USER,
  seccompProfile: { type: "RuntimeDefault" },
};

/** The container's. */
export const CONTAINER_SECURITY: Node = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** Where pods go: what values say, else on other nodes and in other zones where there are any. */
export function spread(
  { selector }: Program,
  affinity: Node = {},
  constraints: Node = [],
): { [key: string]: Node } {
  return {
    affinity: first(affinity, {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{
          weight: 100,
          podAffinityTerm: {
            topologyKey: "kubernetes.io/hostname",
            labelSelector: { matchLabels: selector },
          },
        }],
      },
    }),
    topologySpreadConstraints: first(constraints, [{
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
    }]),
  };
}

/** A probe of a page. */
export function probe(
  path: string,
  port: string,
  periodSeconds: number,
  failureThreshold: number,
  scheme?: "HTTPS",
): Node {
  return {
    httpGet: { path, port, scheme },
    periodSeconds,
    failureThreshold,
    timeoutSeconds: 3,
  };
}

/** What keeps a drain of nodes from taking all replicas at once. */
export function disruptionBudget(program: Program, maxUnavailable: Node = 1): Node {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: named(program),
    // One at a time may go: a minAvailable of 1 would block every drain where there is one replica.
    spec: { maxUnavailable, selector: { matchLabels: program.selector } },
  };
}
