/**
 * What of the transparent proxy is in place, and whether it is what was wanted.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { type Listener, listeners } from "../listeners.ts";
import { holdsOurIptables, lookAround } from "../nftables/surroundings.ts";
import { checkTransparentProxy } from "./check.ts";
import type { HostOptions } from "./options.ts";

/** What there is. */
export interface HostStatus {
  /** `absent`: no rule of ours is here. */
  readonly state: "in place" | "drifted" | "absent";
  /** What holds our rules; both while one takes over from the other. */
  readonly backends: readonly ("eBPF" | "nftables" | "iptables")[];
  /** One line each, as the check of kuma-cni has them. */
  readonly differences: readonly string[];
  /** Who listens where traffic is redirected to. */
  readonly listeners: readonly Listener[];
}

/**
 * Looks at the netns that the main thread is in and compares it with `document`. Changes nothing.
 *
 * @throws {KumaError} as the check does; `KUMA-TP-043` the kernel does not tell this user.
 */
export async function statusOfTransparentProxy(
  document: TransparentProxyConfig,
  options: HostOptions = {},
): Promise<HostStatus> {
  const around = lookAround();
  if (around.chains === undefined && Deno.uid() !== 0) {
    throw new KumaError("KUMA-TP-043", `the firewall cannot be looked at: ${around.reason}`, {
      hint: "run it as root",
    });
  }
  const backends = [
    ...around.ourTable ? ["nftables" as const] : [],
    ...holdsOurIptables(around) ? ["iptables" as const] : [],
  ];
  const { redirect: { inbound, outbound, dns } } = document;
  const ports = [
    ...inbound.enabled ? [inbound.port] : [],
    ...outbound.enabled ? [outbound.port] : [],
    ...dns.enabled ? [dns.port] : [],
  ];
  const found = listeners().filter(({ port }) => ports.includes(port));
  if (backends.length === 0) {
    return { state: "absent", backends, differences: [], listeners: found };
  }
  const differences = await checkTransparentProxy(document, options);
  const state = differences.length === 0 && backends.length === 1 ? "in place" : "drifted";
  return { state, backends, differences, listeners: found };
}
