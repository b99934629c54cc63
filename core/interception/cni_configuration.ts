/**
 * What kuma-cni does with a pod of the mesh: its annotations within what a pod may decide on a node.
 *
 * @module
 */
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { PodView } from "core/kube/pod.ts";
import { configFromAnnotations } from "core/proxy/annotations.ts";
import { lenientSwitch } from "core/proxy/annotation_values.ts";
import type { FirewallBackend, TransparentProxyConfig } from "core/proxy/config.ts";
import type { Provenance } from "core/proxy/sources.ts";
import { withinHostLimits } from "./host_limits.ts";
import { asSidecarRuns } from "./sidecar_user.ts";

/** A pod's configuration, where its settings come from, and what of the pod's wishes was not obeyed. */
export interface CniConfiguration {
  readonly config: TransparentProxyConfig;
  readonly provenance: Provenance;
  readonly warnings: readonly string[];
  /** The pod does not mind eBPF; the node decides whether there is any. */
  readonly ebpf: boolean;
}

/**
 * Reads the annotations of a pod that {@linkcode skipByPod} has nothing against.
 *
 * @param firewallBackend the node's, for pods that name none
 * @throws {KumaError} `KUMA-TP-022` a bad annotation
 */
export async function cniConfiguration(
  pod: Pick<PodView, "annotations" | "sidecarUser">,
  firewallBackend: FirewallBackend,
): Promise<CniConfiguration> {
  const asked = await configFromAnnotations(pod.annotations);
  const forUser = asSidecarRuns(asked.config, pod.sidecarUser);
  const limited = withinHostLimits(forUser.config);
  const provenance = new Map(asked.provenance);
  if (forUser.config !== asked.config) {
    provenance.set("kumaDPUser", "runAsUser of container kuma-sidecar");
  }
  for (const key of limited.overruled) provenance.set(key, "kuma-cni's: a pod does not decide it");
  const ownBackend = limited.config.firewallBackend !== "auto";
  if (!ownBackend && firewallBackend !== "auto") provenance.set("firewallBackend", "the node's");
  return {
    config: ownBackend ? limited.config : { ...limited.config, firewallBackend },
    provenance,
    warnings: [...asked.warnings, ...forUser.warnings, ...limited.warnings],
    ebpf: allowsEbpf(pod.annotations),
  };
}

/** A pod can switch eBPF off for itself, and only that. */
function allowsEbpf(annotations: Readonly<Record<string, string>>): boolean {
  return lenientSwitch(annotations[ANNOTATIONS.transparentProxyingEbpf] ?? "") !== false;
}
