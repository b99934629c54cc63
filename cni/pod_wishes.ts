import { fetchPod } from "core/cluster/fetch_pod.ts";
import { readEndpoint } from "core/cluster/plugin_endpoint.ts";
import type { Invocation } from "core/cni/invocation.ts";
import type { NetConf } from "core/cni/net_conf.ts";
import type { PodArgs } from "core/cni/pod_args.ts";
import { podWishes as wishesOf, type Wishes } from "core/cni/wishes.ts";
import type { Logger } from "core/log/logger.ts";

/**
 * What the call has to do with its pod, by the API server's word; found out in the host's network namespace.
 *
 * @throws {KumaError} as `podWishes` of core and `fetchPod` do.
 */
export async function podWishes(
  invocation: Invocation,
  conf: NetConf,
  log: Logger,
): Promise<Wishes> {
  const read = (pod: PodArgs, kubeconfig: string) =>
    fetchPod(pod, () => readEndpoint(kubeconfig), log);
  return await wishesOf(invocation, conf, read, log);
}
