/**
 * What one call has to do with one pod: leave it alone, or intercept it as its annotations say. ADD and
 * CHECK ask the same question, and so does the installer, which answers ADD for the plugin.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { skipByName, skipByPod } from "core/interception/skip.ts";
import type { PodView } from "core/kube/pod.ts";
import type { Logger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Invocation } from "./invocation.ts";
import type { NetConf } from "./net_conf.ts";
import { parsePodArgs, type PodArgs } from "./pod_args.ts";

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

/** Reads the pod from the API server that the kubeconfig names. */
export type ReadPod = (pod: PodArgs, kubeconfig: string) => Promise<PodView>;

/**
 * Finds out.
 *
 * @throws {KumaError} `KUMA-CNI-001` bad CNI_ARGS, `-003` no kubeconfig is configured, `KUMA-TP-022` a bad
 *   annotation; and as `read` does.
 */
export async function podWishes(
  invocation: Pick<Invocation, "args">,
  conf: NetConf,
  read: ReadPod,
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
  const view = await read(pod, kubeconfig);
  const late = skipByPod(view);
  if (late !== undefined) return { skip: late };
  const { cniConfiguration } = await loading;
  const { config, warnings, ebpf } = await cniConfiguration(view, conf.firewallBackend);
  for (const warning of warnings) log.warn(warning);
  return { name: `${pod.namespace}/${pod.name}`, config, ebpf };
}
