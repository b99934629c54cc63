import type { TrafficConfig, TransparentProxyConfig } from "./config.ts";
import { formatDuration } from "core/grammar/duration.ts";

type Value = boolean | number | string | readonly (number | string)[] | Tree | undefined;
interface Tree {
  readonly [key: string]: Value;
}

/**
 * Writes a configuration as the control plane hands it to the init container and to the CNI plugin:
 * block YAML with sorted keys, and without what Kuma 2.9 leaves out (`ebpf`, `log` and `comments` unless
 * they are on, empty lists, most false bools). {@linkcode parseDocument} reads it back.
 */
export function serialiseConfig(config: TransparentProxyConfig): string {
  const { redirect, retry } = config;
  return write({
    kumaDPUser: config.kumaDPUser,
    ipFamilyMode: config.ipFamilyMode,
    redirect: {
      inbound: traffic(redirect.inbound),
      outbound: traffic(redirect.outbound),
      dns: { ...redirect.dns },
      vnet: some(redirect.vnet.networks) && { networks: redirect.vnet.networks },
    },
    ebpf: config.ebpf.enabled
      ? { ...config.ebpf, fallback: config.ebpf.fallback || undefined }
      : undefined,
    dropInvalidPackets: config.dropInvalidPackets || undefined,
    verbose: config.verbose || undefined,
    dryRun: config.dryRun || undefined,
    log: config.log.enabled ? { ...config.log } : undefined,
    wait: config.wait,
    waitInterval: config.waitInterval,
    retry: {
      maxRetries: retry.maxRetries,
      sleepBetweenRetries: formatDuration(retry.sleepBetweenRetries),
    },
    storeFirewalld: config.storeFirewalld || undefined,
    firewallBackend: config.firewallBackend === "auto" ? undefined : config.firewallBackend,
    iptablesExecutables: Object.keys(config.iptablesExecutables).length > 0
      ? { ...config.iptablesExecutables }
      : undefined,
    comments: config.comments.disabled ? { disabled: true } : undefined,
    cniMode: config.cniMode || undefined,
  }, "");
}

function traffic(direction: TrafficConfig): Tree {
  return {
    enabled: direction.enabled,
    port: direction.port,
    includePorts: some(direction.includePorts),
    excludePorts: some(direction.excludePorts),
    excludePortsForUIDs: some(direction.excludePortsForUIDs),
    excludePortsForIPs: some(direction.excludePortsForIPs),
    insertRedirectInsteadOfAppend: direction.insertRedirectInsteadOfAppend || undefined,
  };
}

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

function write(tree: Tree, indent: string): string {
  const lines: string[] = [];
  for (const key of Object.keys(tree).sort()) {
    const value = tree[key];
    if (value === undefined) continue;
    if (isList(value)) {
      lines.push(`${indent}${key}:\n`, ...value.map((item) => `${indent}- ${scalar(item)}\n`));
    } else if (typeof value === "object") {
      lines.push(`${indent}${key}:\n`, write(value, `${indent}  `));
    } else lines.push(`${indent}${key}: ${scalar(value)}\n`);
  }
  return lines.join("");
}

function isList(value: Value): value is readonly (number | string)[] {
  return Array.isArray(value);
}

/** Words that YAML 1.1 or 1.2 reads as something else than text. */
const RESERVED = /^(?:true|false|yes|no|on|off|y|n|null|nan|inf)$/i;

function scalar(value: boolean | number | string): string {
  if (typeof value !== "string") return String(value);
  const plain = /^[A-Za-z/][A-Za-z0-9_./-]*$/.test(value) || /^[0-9]+m?s$/.test(value);
  // A JSON string is a double-quoted YAML scalar.
  return plain && !RESERVED.test(value) ? value : JSON.stringify(value);
}
