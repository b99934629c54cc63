/**
 * Where the API server is: the kubeconfig that the installer keeps on the node.
 *
 * @module
 */
import { endpointFromKubeconfig, type KubeEndpoint } from "core/cluster/client.ts";
import { KumaError } from "core/errors.ts";

/**
 * Reads the kubeconfig and the files that it names, anew at each call.
 *
 * @throws {KumaError} `KUMA-CNI-011` a file is missing or unreadable, `KUMA-CNI-012` it cannot be used.
 */
export async function readEndpoint(path: string): Promise<KubeEndpoint> {
  try {
    return await endpointFromKubeconfig(path);
  } catch (cause) {
    if (!(cause instanceof KumaError)) throw cause;
    throw cause.code === "KUMA-HOST-164"
      ? new KumaError("KUMA-CNI-011", cause.message, {
        hint: "check that the CNI installer runs on this node; it writes this file",
        cause,
      })
      : new KumaError("KUMA-CNI-012", cause.message, {
        hint: "delete the file: the installer writes it anew",
        cause,
      });
  }
}
