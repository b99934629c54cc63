/**
 * Where the tests' etcd, kube-apiserver and kubectl come from.
 *
 * @module
 */
import { buildOnce } from "../support/go_build.ts";

/** The Kubernetes release that is built when none is given; both go.mod files of tests/kube say the same. */
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
  const dir = givenFolder() ?? await build();
  const assets = { etcd: `${dir}/etcd`, kubeApiServer: `${dir}/kube-apiserver` };
  for (const path of Object.values(assets)) await expectProgram(path);
  return assets;
}

/**
 * Returns the path of kubectl: from the folder that `KUBEBUILDER_ASSETS` names where it is set, else built
 * once from tests/kube/kubectl. That is a module of its own, so that whoever needs only an API server
 * does not wait for it, and neither is built anew when the other changes.
 */
export async function kubectlProgram(): Promise<string> {
  const path = `${givenFolder() ?? await buildKubectl()}/kubectl`;
  await expectProgram(path);
  return path;
}

function givenFolder(): string | undefined {
  return Deno.env.get("KUBEBUILDER_ASSETS") || undefined;
}

/**
 * Without its version set, kube-apiserver calls itself v0.0.0-master: clients that compare versions
 * would take it for ancient.
 */
function build(): Promise<string> {
  return buildOnce({
    what: `kube-apiserver ${KUBERNETES_VERSION}`,
    moduleDir: new URL("./apiserver", import.meta.url).pathname,
    packages: ["./kube-apiserver", "./etcd"],
    cachePath: `kube/${KUBERNETES_VERSION}`,
    variables: versionVariables(),
    otherwise: "set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver",
  });
}

function buildKubectl(): Promise<string> {
  return buildOnce({
    what: `kubectl ${KUBERNETES_VERSION}`,
    moduleDir: new URL("./kubectl", import.meta.url).pathname,
    packages: ["./kubectl"],
    cachePath: `kube/kubectl-${KUBERNETES_VERSION}`,
    variables: versionVariables(),
    otherwise: "set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl",
  });
}

/** What the linker writes into a program of Kubernetes, which would call itself v0.0.0-master. */
export function versionVariables(): string[] {
  const [major, minor] = KUBERNETES_VERSION.slice(1).split(".");
  const version = "k8s.io/component-base/version";
  return [
    `${version}.gitVersion=${KUBERNETES_VERSION}`,
    `${version}.gitMajor=${major}`,
    `${version}.gitMinor=${minor}`,
    `${version}.gitTreeState=clean`,
  ];
}

async function expectProgram(path: string): Promise<void> {
  let mode: number | null;
  try {
    mode = (await Deno.stat(path)).mode;
  } catch (cause) {
    const wanted = "etcd, kube-apiserver and, for some tests, kubectl";
    throw new Error(`There is no ${path}; KUBEBUILDER_ASSETS must hold ${wanted}`, { cause });
  }
  if (mode !== null && (mode & 0o111) === 0) throw new Error(`${path} is not executable`);
}
