/**
 * A pod as the API server has it → what its traffic meets: the configuration that its rules are made from, with the
 * source of each setting.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { CONTAINERS } from "core/kube/annotations.ts";
import { viewPod } from "core/kube/pod.ts";
import { isRecord } from "core/patch/json.ts";
import type { FirewallBackend, TransparentProxyConfig } from "core/proxy/config.ts";
import type { Provenance } from "core/proxy/sources.ts";
import { cniConfiguration } from "./cni_configuration.ts";
import { initConfiguration } from "./init_configuration.ts";
import { skipByPod } from "./skip.ts";
import { otherUserThanRuns } from "./sidecar_user.ts";

/** The configuration that a pod's rules are made from. */
export interface Interception {
  readonly config: TransparentProxyConfig;
  /** By key, where a setting comes from, in words; what is not in it is a default. */
  readonly provenance: Provenance;
  /** What was not obeyed, or will not work. */
  readonly warnings: readonly string[];
}

/** What intercepts a pod's traffic, or why nothing does. */
export type PodConfiguration =
  | { readonly by: "none"; readonly reason: string }
  | Interception & { readonly by: "kuma-init" }
  | Interception & {
    readonly by: "kuma-cni";
    /** The pod does not mind eBPF: where the node has it, there are no firewall rules. */
    readonly ebpf: boolean;
  };

/** What of a pod's configuration its node decides. */
export interface NodeFacts {
  /** Of kuma-cni's configuration. */
  readonly firewallBackend: FirewallBackend;
}

/**
 * Finds out. Which pods kuma-cni leaves alone by their namespace, and whether there is any kuma-cni on the node, is not
 * in the pod and not looked at.
 *
 * @param pod a Pod (core/v1) as JSON
 * @throws {KumaError} `KUMA-TP-030` no pod, or a kuma-init that cannot be read; `KUMA-TP-022` an annotation with which
 *   kuma-cni would not let the pod start; the code of the grammar for arguments with which kuma-init fails.
 */
export async function podConfiguration(
  pod: unknown,
  node: NodeFacts = { firewallBackend: "auto" },
): Promise<PodConfiguration> {
  const view = viewPod(pod);
  if (view === undefined) throw new KumaError("KUMA-TP-030", "the object is not a pod");
  const init = initContainer(pod);
  if (init !== undefined) {
    const read = await initConfiguration(init, view.annotations);
    const other = otherUserThanRuns(read.config, view.sidecarUser);
    const warnings = other === undefined ? read.warnings : [...read.warnings, other];
    return { by: "kuma-init", ...read, warnings };
  }
  const reason = skipByPod(view);
  if (reason !== undefined) return { by: "none", reason };
  return { by: "kuma-cni", ...await cniConfiguration(view, node.firewallBackend) };
}

function initContainer(pod: unknown): unknown {
  const spec = isRecord(pod) && isRecord(pod.spec) ? pod.spec : {};
  const containers: unknown[] = Array.isArray(spec.initContainers) ? spec.initContainers : [];
  return containers.find((one) => isRecord(one) && one.name === CONTAINERS.init);
}
