/**
 * Helm itself, built once from the Go module proxy.
 *
 * @module
 */
import { KUBERNETES_VERSION } from "../kube/assets.ts";
import { buildOnce } from "../support/go_build.ts";
import { type Finished, run } from "../support/processes.ts";

const VERSION = "3.19.0";

/** Path of the program. */
export async function helmProgram(): Promise<string> {
  const [major, minor] = KUBERNETES_VERSION.replace(/^v/, "").split(".");
  const folder = await buildOnce({
    what: "Helm",
    moduleDir: new URL("./helm", import.meta.url).pathname,
    packages: ["helm.sh/helm/v3/cmd/helm"],
    cachePath: `helm/${VERSION}`,
    // As Helm's own Makefile sets them; without a cluster it takes the last two for Kubernetes' version.
    variables: [
      `helm.sh/helm/v3/internal/version.version=v${VERSION}`,
      ...[`lint/rules`, `chartutil`].flatMap((where) => [
        `helm.sh/helm/v3/pkg/${where}.k8sVersionMajor=${major}`,
        `helm.sh/helm/v3/pkg/${where}.k8sVersionMinor=${minor}`,
      ]),
    ],
  });
  return `${folder}/helm`;
}

/** `helm template` of a chart as the release kuma in kuma-system. */
export async function helmTemplate(chart: string, sets: readonly string[]): Promise<Finished> {
  const place = ["kuma", chart, "--namespace", "kuma-system", "--include-crds"];
  const values = sets.flatMap((set) => ["--set", set]);
  return await run(await helmProgram(), ["template", ...place, ...values]);
}
