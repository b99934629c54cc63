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

/** Builds what is not in the cache yet: about 8 minutes on two cores, where nothing is. */
export async function nodePrograms(): Promise<NodePrograms> {
  const { etcd, kubeApiServer: apiServer } = await kubeAssets();
  const kubectl = await kubectlProgram();
  const kubeNode = await buildOnce({
    what: `kubelet ${KUBERNETES_VERSION} and its companions`,
    moduleDir: new URL("./programs", import.meta.url).pathname,
    packages: ["./kube-node"],
    cachePath: `kube/node-${KUBERNETES_VERSION}`,
    variables: versionVariables(),
  });
  const standin = await buildOnce({
    what: "the stand-ins of a node",
    moduleDir: new URL("./standin", import.meta.url).pathname,
    packages: ["."],
    cachePath: "node/standin",
  });
  return {
    etcd,
    apiServer,
    kubectl,
    kubeNode: `${kubeNode}/kube-node`,
    standin: `${standin}/standin`,
  };
}
