/**
 * What a pod of the mesh asks of the plugin: the configuration that its rules are built from.
 *
 * @module
 */
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { PodView } from "core/kube/pod.ts";
import { configFromAnnotations } from "core/proxy/annotations.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { withinHostLimits } from "./host_limits.ts";
import { asSidecarRuns } from "./sidecar_user.ts";

/** The configuration, and what was not obeyed of the pod's wishes. */
export interface PodConfiguration {
  readonly config: TransparentProxyConfig;
  readonly warnings: readonly string[];
}

/**
 * Reads it from the pod's annotations, for the user that its sidecar really runs as, within what a pod may decide.
 *
 * @throws {KumaError} `KUMA-TP-022` a bad annotation.
 */
export async function podConfiguration(pod: PodView): Promise<PodConfiguration> {
  const { config, warnings } = await configFromAnnotations(pod.annotations);
  const forUser = asSidecarRuns(config, pod.sidecarUser);
  const limited = withinHostLimits(forUser.config);
  return {
    config: limited.config,
    warnings: [...warnings, ...forUser.warnings, ...limited.warnings],
  };
}

/** Whether the pod lets eBPF be used: it can switch that off for itself, and the node decides whether there is any. */
export function allowsEbpf({ annotations }: PodView): boolean {
  const text = annotations[ANNOTATIONS.transparentProxyingEbpf] ?? "";
  return !/^(?:disabled|false)$/.test(text);
}
