/**
 * Which API server, and as whom: `KUBECONFIG`, else the service account of the pod.
 *
 * @module
 */
import { type ErrorCode, KumaError } from "core/errors.ts";
import { endpointFromKubeconfig, type KubeEndpoint, readSmallFile, readToken } from "./client.ts";

export { CLUSTER_VARIABLES } from "core/kube/variables.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Finds the API server, as client-go does.
 *
 * @param code The program's own code for "cannot tell which API server".
 * @throws {KumaError} of that code, saying what is missing where.
 */
export async function findEndpoint(
  environment: Environment,
  code: ErrorCode,
): Promise<KubeEndpoint> {
  try {
    const path = environment.KUBECONFIG ?? "";
    return path === "" ? inCluster(environment, code) : await endpointFromKubeconfig(path);
  } catch (cause) {
    throw cause instanceof KumaError ? new KumaError(code, cause.message, { cause }) : cause;
  }
}

function inCluster(environment: Environment, code: ErrorCode): KubeEndpoint {
  const host = environment.KUBERNETES_SERVICE_HOST ?? "";
  if (host === "") {
    throw new KumaError(
      code,
      "KUBECONFIG is not set and this is no pod (KUBERNETES_SERVICE_HOST is not set)",
    );
  }
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    server: `https://${shown}:${environment.KUBERNETES_SERVICE_PORT ?? "443"}`,
    ...accountIn(ACCOUNT),
  };
}

/** What kubelet keeps of a service account in a pod: its token, which it renews, and the API server's CA. */
export interface AccountFiles {
  readonly token: string;
  readonly tokenFile: string;
  readonly caPem: string;
}

/**
 * Reads a service account's files, as they are now.
 *
 * @throws {KumaError} `KUMA-HOST-164` one cannot be read, `KUMA-HOST-165` the token is none.
 */
export function accountIn(folder: string, caFile: string = `${folder}/ca.crt`): AccountFiles {
  const tokenFile = `${folder}/token`;
  return { token: readToken(tokenFile), tokenFile, caPem: readSmallFile(caFile) };
}
