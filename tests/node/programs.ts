/**
 * The programs of a real node, built once each from the Go module proxy.
 *
 * @module
 */
import { buildOnce } from "../support/go_build.ts";
import {
  kubeAssets,
  kubectlProgram,
  KUBERNETES_VERSION,
  versionVariables,
} from "../kube/assets.ts";

/** Paths of the programs. */
export interface NodePrograms {
  readonly etcd: string;
  readonly apiServer: string;
  /** kubelet, kube-controller-manager, kube-scheduler and kube-proxy, by its first argument. */
  readonly kubeNode: string;
  readonly kubectl: string;
  /** The stand-ins of `tests/node/standin`. */
  readonly standin: string;
}

/** The program of kubelet, kube-controller-manager, kube-scheduler and kube-proxy: the longest build of all. */
export async function kubeNodeProgram(): Promise<string> {
  const folder = await buildOnce({
    what: `kubelet ${KUBERNETES_VERSION} and its companions`,
    moduleDir: new URL("./programs", import.meta.url).pathname,
    packages: ["./kube-node"],
    cachePath: `kube/node-${KUBERNETES_VERSION}`,
    variables: versionVariables(),
  });
  return `${folder}/kube-node`;
}

/** The program of the stand-ins: a matter of seconds. */
export async function standinProgram(): Promise<string> {
  const folder = await buildOnce({
    what: "the stand-ins of a node",
    moduleDir: new URL("./standin", import.meta.url).pathname,
    packages: ["."],
    cachePath: "node/standin",
  });
  return `${folder}/standin`;
}

/** Builds what is not in the cache yet: some minutes on two cores, where nothing is. */
export async function nodePrograms(): Promise<NodePrograms> {
  const { etcd, kubeApiServer: apiServer } = await kubeAssets();
  const kubectl = await kubectlProgram();
  const kubeNode = await kubeNodeProgram();
  return { etcd, apiServer, kubectl, kubeNode, standin: await standinProgram() };
}
