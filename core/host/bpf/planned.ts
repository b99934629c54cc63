/**
 * What the entries of this network namespace would say for a configuration, in words.
 *
 * @module
 */
import { podEntries } from "core/bpf/entries.ts";
import { POD } from "core/bpf/layout.ts";
import { podWords } from "core/bpf/words.ts";
import { silentLogger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { FAMILIES, type ResolvedConfig } from "core/proxy/resolved.ts";
import { dnsServersOf } from "../transparent_proxy/facts.ts";
import type { HostOptions } from "../transparent_proxy/options.ts";
import { resolved } from "../transparent_proxy/prepare.ts";
import { inspectNetns, type NetnsView } from "./netns_view.ts";

/** The namespace of the calling thread: only the main thread never moves. */
export const OWN_NETNS = "/proc/thread-self/ns/net";

/**
 * The lines for `document`, and the sidecar's UID in them. Changes nothing.
 *
 * @throws {KumaError} as resolving does; `KUMA-TP-209` the DNS servers cannot be read.
 */
export function plannedWords(
  document: TransparentProxyConfig,
  { logger = silentLogger, paths, uid }: HostOptions,
): { words: string[]; uid: number } {
  const config = resolved(document, { logger }, paths?.passwd, uid);
  const dnsServers = FAMILIES.flatMap((family) => dnsServersOf(config, family, silentLogger));
  return { words: wordsOf(config, dnsServers, inspectNetns(OWN_NETNS)), uid: config.uid };
}

/** The lines for a configuration that is resolved. */
export function wordsOf(
  config: ResolvedConfig,
  dnsServers: readonly string[],
  view: NetnsView,
): string[] {
  const facts = {
    generation: 1,
    sidecarUid: config.uid,
    dnsServers,
    eventMask: 0,
    accelerate: false,
  };
  const entries = podEntries(config, { ...view, ...facts });
  const flagsOf = ({ key, value }: { key: Uint8Array; value: Uint8Array<ArrayBuffer> }) =>
    [key, new Uint32Array(value.buffer)[0] ?? 0] as const;
  return podWords(POD.decode(entries.pods.value), {
    ports: entries.pod_ports.map(flagsOf),
    addresses: entries.pod_addresses.map(flagsOf),
    uidRules: entries.pod_uid_rules[0]?.value,
  });
}
