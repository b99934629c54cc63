/**
 * What the choice of a backend depends on, as it is here.
 *
 * @module
 */
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { type Choice, chooseBackend } from "../nftables/choose.ts";
import {
  competitors,
  holdsOurIptables,
  type Surroundings,
  usesIptables,
} from "../nftables/surroundings.ts";
import type { HostOptions } from "./options.ts";

/** Which backend this host, or pod, gets; see {@linkcode chooseBackend}. */
export function backendFor(
  document: TransparentProxyConfig,
  around: Surroundings,
  options: HostOptions,
  blind = false,
): Choice {
  const iptablesOnly = document.storeFirewalld && !document.ebpf.enabled
    ? "storeFirewalld"
    : Object.keys(document.iptablesExecutables).length > 0
    ? "iptablesExecutables"
    : undefined;
  // What would be written can be shown to anybody who asks for it.
  const shown = blind && document.firewallBackend === "nftables";
  return chooseBackend({
    asked: document.firewallBackend,
    pod: options.netnsPath !== undefined,
    iptablesOnly,
    obstacle: shown ? undefined : around.reason,
    ourTable: around.ourTable,
    ourIptables: holdsOurIptables(around),
    others: usesIptables(around) || competitors(around).length > 0,
  });
}
