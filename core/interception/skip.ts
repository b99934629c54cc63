/**
 * Which pods the CNI plugin leaves alone, in the order in which Kuma 2.9 looks (after our first rule).
 *
 * @module
 */
import { ANNOTATIONS, CONTAINERS } from "core/kube/annotations.ts";
import type { PodView } from "core/kube/pod.ts";

/** What the plugin's configuration says of pods that are none of the mesh. */
export interface Exempt {
  readonly excludeNamespaces: readonly string[];
  /** Where the installer's DaemonSet runs. */
  readonly cniNamespace: string;
  /** How the names of its pods begin. */
  readonly cniPodPrefix: string;
}

/**
 * Why the pod is left alone, known without asking the API server; undefined where that must be asked.
 *
 * The installer's own pod comes first: after a reboot or an upgrade there is no kubeconfig until it
 * runs, and were it asked for its annotations, nothing on the node could ever start.
 */
export function skipByName(
  pod: { readonly namespace: string; readonly name: string },
  conf: Exempt,
): string | undefined {
  if (
    pod.namespace === conf.cniNamespace &&
    pod.name.startsWith(conf.cniPodPrefix)
  ) {
    return "it is the CNI installer's own pod";
  }
  if (pod.name === "" || pod.namespace === "") {
    return "it is not a Kubernetes pod";
  }
  if (conf.excludeNamespaces.includes(pod.namespace)) {
    return `its namespace ${pod.namespace} is excluded`;
  }
  return undefined;
}

/** Why the pod is left alone, by what the API server says about it; undefined for a pod of the mesh. */
export function skipByPod(pod: PodView): string | undefined {
  if (pod.initContainers.includes(CONTAINERS.init)) {
    return `it has the init container ${CONTAINERS.init}`;
  }
  // A sidecar is a container, or an init container where Kubernetes runs native sidecars.
  if (
    ![...pod.containers, ...pod.initContainers].includes(CONTAINERS.sidecar)
  ) {
    return `it has no container ${CONTAINERS.sidecar}`;
  }
  if (pod.annotations[ANNOTATIONS.sidecarInjected] !== "true") {
    return `its annotation ${ANNOTATIONS.sidecarInjected} is not "true"`;
  }
  return undefined;
}
