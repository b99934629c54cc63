/**
 * What the node's first process is told, and where its files are.
 *
 * @module
 */
import type { NodePrograms } from "./programs.ts";

/** Everything about one node. */
export interface NodeSpec {
  /** Folder of its own; gone after it. */
  readonly dir: string;
  readonly name: string;
  /** Its one cgroup, in each hierarchy. */
  readonly cgroup: string;
  /** Its addresses on the wire between nodes: IPv4, and in a cluster of both families IPv6. */
  readonly addresses: readonly [string, string?];
  /** Its pods' addresses: `10.244.0.0/24`, and where it has IPv6 `fd00:244::/64`. */
  readonly podSubnets: readonly string[];
  /** Address of the API server; the node's own is `127.0.0.1`: the servers of the cluster run on it, too. */
  readonly apiServer: string;
  readonly programs: NodePrograms;
  /** Archives of images, as `podman save` writes them. */
  readonly images: readonly string[];
  /** How often anything is asked in vain, in milliseconds. */
  readonly patienceMs: number;
}

/** Label of a node that gets no CNI: one that joins registers with it. */
export const WITHOUT_CNI = "without-cni";

/** Whether the cluster's servers run on the node. */
export function hasControlPlane({ apiServer }: NodeSpec): boolean {
  return apiServer === "127.0.0.1";
}

/** The disk of a node, a tmpfs that outlives its reboots. */
export function diskOf({ dir }: Pick<NodeSpec, "dir">): string {
  return `${dir}/disk`;
}

/** Files below the node's folder. */
export function nodeFiles(dir: string): {
  readonly spec: string;
  readonly pki: string;
  readonly log: string;
  readonly kubeconfig: (who: string) => string;
  readonly etcdSocket: string;
  readonly audit: string;
  readonly auditPolicy: string;
} {
  return {
    spec: `${dir}/spec.json`,
    pki: `${dir}/pki`,
    log: `${dir}/log`,
    kubeconfig: (who: string) => `${dir}/pki/${who}.kubeconfig`,
    etcdSocket: `${dir}/etcd.sock`,
    audit: `${dir}/audit.log`,
    auditPolicy: `${dir}/audit-policy.json`,
  };
}

/** Image of the stand-ins. */
export const STANDIN_IMAGE = "localhost/kuma-test-standin:node";
