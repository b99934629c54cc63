/**
 * As whom `explain` asks the cluster. People's kubeconfigs mostly have a program that gives the
 * credentials, which this one runs none of: then it says how to ask without it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { KubeEndpoint } from "core/cluster/client.ts";
import { findEndpoint } from "core/cluster/credentials.ts";

/** Finds the credentials. Throws `KUMA-WH-021` with the command that asks through kubectl. */
export async function whoAsks(
  environment: Readonly<Record<string, string>>,
  file: string,
  systemNamespace: string,
): Promise<KubeEndpoint> {
  try {
    return await findEndpoint(environment, "KUMA-WH-021");
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    const page =
      `/api/v1/namespaces/${systemNamespace}/services/https:kuma-webhook:443/proxy/explain`;
    throw new KumaError(thrown.code, thrown.message, {
      hint: `ask the webhook itself with kubectl create -f ${file} --dry-run=client -o json | ` +
        `kubectl create --raw ${page} -f -, or no cluster with --offline`,
      cause: thrown,
    });
  }
}
