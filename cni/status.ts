/**
 * STATUS: whether this plugin could ever serve a pod on this node.
 *
 * It speaks up only where nothing that comes later can help. Runtimes ask every few seconds, and an error
 * makes the node not ready; the installer's own pod then could not start to mend it. So a missing
 * kubeconfig, a dead API server or missing iptables are no reason: ADD says so, for meshed pods only.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { currentPrivileges, type Privileges } from "core/host/privileges.ts";
import type { NetConf } from "core/cni/net_conf.ts";

/**
 * Returns where the plugin is able to work.
 *
 * @throws {KumaError} `KUMA-CNI-023` no kubeconfig is configured, or this process has no right to enter
 *   a namespace or to write rules.
 */
export function status(
  conf: NetConf,
  privileges: Privileges = currentPrivileges(),
): void {
  if (conf.kubernetes.kubeconfig === "") {
    throw never('"kubernetes.kubeconfig" is not set in its configuration');
  }
  for (const capability of ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"] as const) {
    if (!privileges.has(capability)) {
      throw never(`it runs without ${capability}`);
    }
  }
}

function never(why: string): KumaError {
  return new KumaError("KUMA-CNI-023", `kuma-cni can serve no pod: ${why}`);
}
