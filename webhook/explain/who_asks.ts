/**
 * As whom `explain` asks the cluster. People's kubeconfigs mostly have a program that gives the
 * credentials, which this one runs none of: then it says how to ask without it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { KubeEndpoint } from "core/cluster/client.ts";
import { findEndpoint } from "core/cluster/credentials.ts";

/** Finds the credentials. Throws `KUMA-WH-021` with what else there is. */
export async function whoAsks(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<KubeEndpoint> {
  try {
    return await findEndpoint(environment, "KUMA-WH-021");
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    throw new KumaError(thrown.code, thrown.message, {
      hint: "set KUBECONFIG to one with a token (kubectl create token), or ask no cluster with " +
        "--offline, or the webhook itself (docs/webhook.md, Who may ask)",
      cause: thrown,
    });
  }
}
