/**
 * The one line that ends an installation: what is, not what was wished.
 *
 * @module
 */
import type { HostReport } from "core/host/transparent_proxy/options.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { FAMILIES, type Family } from "core/proxy/resolved.ts";

const NAMES: Readonly<Record<Family, string>> = { ipv4: "IPv4", ipv6: "IPv6" };

/** What the summary needs of a report. */
export type Done =
  & Pick<HostReport, "families" | "ipv6Skipped" | "changed" | "dnsServers">
  & Partial<Pick<HostReport, "bypasses">>;

/** Says which families have our rules, and where inbound, outbound and DNS traffic goes. */
export function summary(config: TransparentProxyConfig, report: Done): string {
  const families = report.families.map((family) => NAMES[family]).join(" and ");
  const scope = report.ipv6Skipped === undefined ? families : `${families}, ${report.ipv6Skipped}`;
  if (!report.changed) {
    return `Transparent proxy was set up like this already (${scope})${passedBy(report)}.`;
  }
  const { inbound, outbound } = config.redirect;
  const parts = [
    inbound.enabled ? `inbound to ${inbound.port}` : "inbound off",
    outbound.enabled ? `outbound to ${outbound.port}` : "outbound off",
    dnsPart(config, report),
  ];
  return `Transparent proxy set up successfully (${scope}): ${parts.join(", ")}${
    passedBy(report)
  }. You can now run kuma-dp.`;
}

/** What others' rules take first is not intercepted, however well ours are in place. */
function passedBy({ bypasses = [] }: Done): string {
  const { length } = bypasses;
  if (length === 0) return "";
  return `, but for what ${length} ${length === 1 ? "rule" : "rules"} of others ${
    length === 1 ? "takes" : "take"
  } first (see the warning)`;
}

/** Without `--redirect-all-dns-traffic` only the servers of resolv.conf are redirected, where it has any. */
function dnsPart({ redirect: { dns } }: TransparentProxyConfig, report: Done): string {
  if (!dns.enabled) return "DNS off";
  if (dns.captureAll) return `DNS to ${dns.port}`;
  const served = FAMILIES.filter((family) => (report.dnsServers[family]?.length ?? 0) > 0);
  if (served.length === 0) return "DNS not redirected, since resolv.conf names no server";
  const all = report.families.every((family) => served.includes(family));
  return `DNS to ${dns.port}${
    all ? "" : ` (${served.map((family) => NAMES[family]).join(" and ")} only)`
  }`;
}
