/**
 * Whether what the rules were made from is still so: servers of resolv.conf, interfaces, addresses, the user.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { parseNameservers } from "core/proxy/resolv_conf.ts";
import { hasRoutableIpv6, interfaceNames } from "../interfaces.ts";
import { readProcFile } from "../proc.ts";
import type { Examined } from "./check.ts";
import type { InstallRecord } from "./record.ts";

/** What does not fit, and what is worth a word. */
export interface SurroundingsFit {
  readonly misfits: readonly string[];
  readonly notes: readonly string[];
}

/** Compares with how it was at the installation, where that is known. */
export function surroundingsFit(
  { config, ipv6 }: Pick<Examined, "config" | "ipv6">,
  record: InstallRecord | undefined,
): SurroundingsFit {
  const misfits = serversChanged(record);
  const notes: string[] = [];
  if (config.ipFamilyMode !== "ipv4" && !ipv6 && hasRoutableIpv6()) {
    const why = record?.ipv6Skipped;
    if (why === undefined) notes.push("IPv6 is not intercepted, and addresses of it are here");
    else if (/has no IPv6 address/.test(why)) {
      misfits.push("IPv6 addresses have come since the installation: IPv6 is not intercepted");
    } else notes.push(`IPv6 is not intercepted: ${why}`);
  }
  const names = interfaceNames(readProcFile("/proc/thread-self/net/dev"));
  for (const { iface } of config.vnets) {
    const some = iface.endsWith("+")
      ? names.some((name) => name.startsWith(iface.slice(0, -1)))
      : names.includes(iface);
    if (!some) notes.push(`the interface ${iface} of a virtual network is not here`);
  }
  return { misfits, notes };
}

/** The rules name the servers that resolv.conf had. */
function serversChanged(record: InstallRecord | undefined): string[] {
  const { dns } = record?.document.redirect ?? {};
  const then = record?.dnsServers;
  if (dns === undefined || then === undefined || !dns.enabled || dns.captureAll) return [];
  let text: string;
  try {
    text = Deno.readTextFileSync(dns.resolvConfigPath);
  } catch (error) {
    return [`${dns.resolvConfigPath} cannot be read: ${errorText(error)}`];
  }
  return FAMILIES.flatMap((family) => {
    const before = then[family];
    if (before === undefined) return [];
    const now = parseNameservers(text, family);
    if (now.join() === before.join()) return [];
    return [
      `${dns.resolvConfigPath} names ${list(now)} now, and named ${
        list(before)
      } at the installation`,
    ];
  });
}

function list(servers: readonly string[]): string {
  return servers.length === 0 ? "no server" : servers.join(" and ");
}
