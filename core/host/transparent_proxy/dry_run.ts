/**
 * The end of a dry run: what the transaction would do is shown where a real run does it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Ruleset } from "core/rules/model.ts";
import { renderRestore } from "core/rules/render.ts";
import type { FirewallJournal, Notes } from "../firewall/journal.ts";
import type { FirewallChange } from "../firewall/transaction.ts";
import { DIRECT_XML, storedText, storeInFirewalld } from "../firewalld/direct_file.ts";
import { addressChange, iptablesChanges } from "./changes.ts";
import { fileChange, type HostChange, jsonChange, real } from "./host_change.ts";
import { clashingChains } from "../nftables/clashing_chains.ts";
import { loopbackInterface } from "../interfaces.ts";
import { notesAfter, notesBefore } from "./notes.ts";
import type { HostReport, InstallOptions } from "./options.ts";
import type { HostPlan } from "./plan.ts";
import { installReport } from "./report.ts";
import type { Session } from "./session.ts";

/** A transaction that only has to be applied. */
export interface PlannedInstall {
  readonly document: TransparentProxyConfig;
  readonly plan: HostPlan;
  readonly changes: readonly FirewallChange[];
  readonly ipv6Skipped: string | undefined;
  /** Undefined where nothing is noted. */
  readonly journal: FirewallJournal | undefined;
  readonly notes: Notes;
  /** Rules of others that keep packets from ours, a line each. */
  readonly bypasses: readonly string[];
}

/**
 * Prints the rules that would be in force, and reports what would be different. Nothing is changed.
 *
 * @throws {KumaError} `KUMA-TP-205` as a real run does, for what only its commit meets
 */
export function showInstall(
  planned: PlannedInstall,
  session: Session,
  options: InstallOptions,
): HostReport {
  const { document, plan, changes, ipv6Skipped, bypasses } = planned;
  refuseClashes(changes);
  const rulesets = rulesetsOf(planned);
  const parts = rulesets.map((ruleset) =>
    `### ${ruleset.family === "ipv4" ? "IPv4" : "IPv6"} ###\n\n${
      renderRestore(ruleset, { verbose: document.verbose }).trim()
    }`
  );
  session.print?.(`${parts.join("\n\n")}\n`);
  const stored: HostChange[] = [];
  if (document.storeFirewalld && !document.ebpf.enabled) {
    const path = options.paths?.directXml ?? DIRECT_XML;
    const { before, after } = storedText(rulesets, document, path);
    stored.push(fileChange(path, before, after));
    storeInFirewalld(rulesets, session, document, path);
  }
  const address = plan.families.some(({ family }) => family === "ipv6")
    ? [addressChange(loopbackInterface())]
    : [];
  const all = real([
    ...iptablesChanges(changes),
    ...address,
    ...journalChange(planned, session),
    ...stored,
  ]);
  const report = installReport(
    plan,
    { changes, ipv6Skipped, changed: all.length > 0, bypasses },
    session,
  );
  return { ...report, changes: all };
}

/** What iptables' own --test does not see, which the kernel refuses when the rules are committed. */
function refuseClashes(changes: readonly FirewallChange[]): void {
  const clashing = changes.flatMap(({ view, desired, transition }) => {
    if (desired === undefined || view.tools.flavour !== "nft") return [];
    const tables = desired.tables.filter(({ name }) => transition.tables.includes(name));
    return tables.length === 0 ? [] : clashingChains({ ...desired, tables });
  });
  if (clashing.length === 0) return;
  const each = clashing.map((name) =>
    `${name} has the name of a chain of iptables, and is another`
  );
  throw new KumaError("KUMA-TP-205", `${each.join("; ")}: no rule can be put in`, {
    hint: "rename it, or give --firewall-backend nftables",
  });
}

/** What would be in force; of a host that cannot be looked at, what was planned for it. */
function rulesetsOf({ plan, changes }: PlannedInstall): Ruleset[] {
  const accepted = changes.flatMap(({ desired }) => desired === undefined ? [] : [desired]);
  const unseen = plan.families.filter(({ view }) => view === undefined);
  return [...accepted, ...unseen.map(({ ruleset }) => ruleset)];
}

function journalChange(
  { plan, changes, journal, notes }: PlannedInstall,
  session: Session,
): HostChange[] {
  if (journal === undefined || changes.every(({ transition }) => transition.text === "")) return [];
  const after = notesAfter(changes, notesBefore(notes, plan, session));
  return [jsonChange(journal.path, journal.read(), after)];
}
