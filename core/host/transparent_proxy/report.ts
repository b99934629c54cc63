import type { Family } from "core/proxy/resolved.ts";
import type { FirewallChange } from "../firewall/transaction.ts";
import type { HostReport } from "./options.ts";
import type { HostPlan } from "./plan.ts";
import type { Session } from "./session.ts";

/** What became of a plan. */
export interface InstallOutcome {
  readonly changes: readonly FirewallChange[];
  readonly ipv6Skipped: string | undefined;
  readonly changed: boolean;
  readonly bypasses: readonly string[];
}

/** The report of an installation. */
export function installReport(
  plan: HostPlan,
  outcome: InstallOutcome,
  session: Session,
): HostReport {
  const executables: Partial<Record<Family, string>> = {};
  const dnsServers: Partial<Record<Family, readonly string[]>> = {};
  for (const { family, view, dnsServers: servers } of plan.families) {
    if (view !== undefined) executables[family] = view.tools.restore;
    dnsServers[family] = servers;
  }
  const families = outcome.changes.filter(({ desired }) => desired !== undefined)
    .map(({ view }) => view.tools.family);
  return {
    changed: outcome.changed,
    changes: [],
    backend: "iptables",
    flavour: plan.ipv4View?.tools.flavour,
    families,
    ipv6Skipped: outcome.ipv6Skipped,
    executables,
    dnsServers,
    tables: outcome.changes.flatMap(({ view, transition }) =>
      transition.tables.map((table) => `${view.tools.family} ${table}`)
    ),
    bypasses: outcome.bypasses,
    children: session.children.count,
    durations: session.durations,
  };
}
