/**
 * Where the tests' etcd and kube-apiserver come from.
 *
 * @module
 */
import { buildOnce } from "../support/go_build.ts";

/** The Kubernetes release that is built when none is given; tests/kube/apiserver/go.mod says the same. */
export const KUBERNETES_VERSION = "v1.34.4";

/** Paths of the two programs. */
export interface KubeAssets {
  etcd: string;
  kubeApiServer: string;
}

/**
 * Returns both programs: from the folder that `KUBEBUILDER_ASSETS` names where it is set (the
 * convention of controller-runtime's envtest), else built once from tests/kube/apiserver. Throws an
 * `Error` naming what the folder lacks, or what keeps them from being built.
 */
export async function kubeAssets(): Promise<KubeAssets> {
  const given = Deno.env.get("KUBEBUILDER_ASSETS");
  const dir = given === undefined || given === "" ? await build() : given;
  const assets = { etcd: `${dir}/etcd`, kubeApiServer: `${dir}/kube-apiserver` };
  for (const path of Object.values(assets)) await expectProgram(path);
  return assets;
}

/**
 * Without its version set, kube-apiserver calls itself v0.0.0-master: clients that compare versions
 * would take it for ancient.
 */
function build(): Promise<string> {
  const [major, minor] = KUBERNETES_VERSION.slice(1).split(".");
  const version = "k8s.io/component-base/version";
  return buildOnce({
    what: `kube-apiserver ${KUBERNETES_VERSION}`,
    moduleDir: new URL("./apiserver", import.meta.url).pathname,
    packages: ["./kube-apiserver", "./etcd"],
    cachePath: `kube/${KUBERNETES_VERSION}`,
    variables: [
      `${version}.gitVersion=${KUBERNETES_VERSION}`,
      `${version}.gitMajor=${major}`,
      `${version}.gitMinor=${minor}`,
      `${version}.gitTreeState=clean`,
    ],
    otherwise: "set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver",
  });
}

async function expectProgram(path: string): Promise<void> {
  let mode: number | null;
  try {
    mode = (await Deno.stat(path)).mode;
  } catch (cause) {
    throw new Error(`There is no ${path}; KUBEBUILDER_ASSETS must hold etcd and kube-apiserver`, {
      cause,
    });
  }
  if (mode !== null && (mode & 0o111) === 0) throw new Error(`${path} is not executable`);
}
