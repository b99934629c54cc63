/**
 * What one call has to do with one pod: leave it alone, or intercept it as its annotations say. ADD and
 * CHECK ask the same question.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { readEndpoint } from "./endpoint.ts";
import type { Logger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { fetchPod } from "./fetch_pod.ts";
import type { Invocation } from "./invocation.ts";
import type { NetConf } from "./net_conf.ts";
import { parsePodArgs } from "./pod_args.ts";
import { skipByName, skipByPod } from "core/interception/skip.ts";

/** Either why the pod is left alone, or what its rules must do. */
export type Wishes =
  | { readonly skip: string }
  | {
    readonly skip?: undefined;
    readonly config: TransparentProxyConfig;
    /** `namespace/name`. */
    readonly name: string;
    /** The pod does not mind eBPF. */
    readonly ebpf: boolean;
  };

/**
 * Finds out, in the host's network namespace.
 *
 * @throws {KumaError} `KUMA-CNI-001` bad CNI_ARGS, `-003` no kubeconfig is configured, `-011` to `-017` the
 *   pod cannot be read, `KUMA-TP-022` a bad annotation.
 */
export async function podWishes(
  invocation: Invocation,
  conf: NetConf,
  log: Logger,
): Promise<Wishes> {
  const pod = parsePodArgs(invocation.args);
  const early = skipByName(pod, conf.kubernetes);
  if (early !== undefined) return { skip: early };
  const { kubeconfig } = conf.kubernetes;
  if (kubeconfig === "") {
    throw new KumaError("KUMA-CNI-003", '"kubernetes.kubeconfig" is not set', {
      hint: "let the CNI installer write the entry anew",
    });
  }
  // Read while the API server is asked: what its answer will be given to.
  const loading = import("core/interception/cni_configuration.ts");
  const view = await fetchPod(pod, () => readEndpoint(kubeconfig), log);
  const late = skipByPod(view);
  if (late !== undefined) return { skip: late };
  const { cniConfiguration } = await loading;
  const { config, warnings, ebpf } = await cniConfiguration(view, conf.firewallBackend);
  for (const warning of warnings) log.warn(warning);
  return { name: `${pod.namespace}/${pod.name}`, config, ebpf };
}
