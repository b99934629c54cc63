/**
 * Comparing the rules of iptables with those that should be there.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { RuleAhead } from "core/rules/ahead.ts";
import { type CountedRule, countedRules } from "core/rules/counted.ts";
import { compare, describeDifference } from "core/rules/diff.ts";
import type { Ruleset } from "core/rules/model.ts";
import { type KnownRule, knownWith, ownerships } from "core/rules/ownership.ts";
import { type Capabilities, probeCapabilities } from "../firewall/capabilities.ts";
import { FirewallJournal, NO_NOTES } from "../firewall/journal.ts";
import { holdsOurs } from "../firewall/snapshot.ts";
import type { FirewallView } from "../firewall/views.ts";
import { hasPassthroughIpv6 } from "../interfaces.ts";
import type { InstallSubject } from "../nftables/install.ts";
import { holdsOurIpv6 } from "../nftables/surroundings.ts";
import type { Examined } from "./check.ts";
import type { HostOptions } from "./options.ts";
import { homeOf } from "./others_ahead.ts";
import { type FamilyPlan, planInstall } from "./plan.ts";
import type { Session } from "./session.ts";
import { aheadInView } from "./warn_ahead.ts";

/** As `examineTransparentProxy` does, by iptables. */
export async function examineIptables(
  { document, config, around }: InstallSubject,
  session: Session,
  options: HostOptions,
): Promise<Examined> {
  const { families, ipv4View } = await planInstall(document, config, session);
  const notes = options.netnsPath === undefined && !document.cniMode
    ? new FirewallJournal(session.logger, options.paths?.journal).read() ?? NO_NOTES
    : NO_NOTES;
  const differences: string[] = [];
  const rules: CountedRule[] = [];
  const ahead: RuleAhead[] = [];
  for (const plan of families) {
    const known = notes === NO_NOTES ? undefined : notes.known[plan.family];
    const optional = plan.family === "ipv6" && document.ipFamilyMode !== "ipv6";
    if (optional && leftOut(plan)) continue;
    if (plan.family === "ipv6" && !hasPassthroughIpv6()) {
      differences.push("ipv6: the address ::6/128 of the loopback interface is missing");
    }
    let found = differencesOf(plan, plan.ruleset, known);
    if (found.length > 0 && plan.view !== undefined) {
      // Perhaps the host can do less than was assumed: then the rules that it has are the right ones.
      const able = await abilities(plan.view, session, optional);
      if (able === undefined) continue;
      found = differencesOf(plan, plan.rebuild(able), known);
    }
    differences.push(...found);
    const { view, ruleset: desired } = plan;
    if (view === undefined) continue;
    ahead.push(...aheadInView({ view, desired, known, toCome: false }));
    const owners = ownerships(view.state, knownWith(known, desired, view.state));
    rules.push(...countedRules(plan.family, view.state, owners));
  }
  const home = homeOf({ backend: "iptables", flavour: ipv4View?.tools.flavour }, config);
  return { differences, rules, ahead, home, config, ipv6: holdsOurIpv6(around) };
}

/**
 * Whether an install went without IPv6: where the kernel refuses `::6` it does, and where the pod had no
 * IPv6 address yet. Looking, unlike installing, does not try to add the address.
 */
function leftOut({ view }: FamilyPlan): boolean {
  return !hasPassthroughIpv6() && (view === undefined || !holdsOurs(view.state));
}

/** What iptables can do; undefined where it can do too little for rules that an install may leave out. */
async function abilities(
  view: FirewallView,
  { children }: Session,
  optional: boolean,
): Promise<Capabilities | undefined> {
  try {
    return await probeCapabilities(children, view.tools);
  } catch (error) {
    const lacking = error instanceof KumaError && error.code === "KUMA-TP-202";
    if (optional && lacking && !holdsOurs(view.state)) return undefined;
    throw error;
  }
}

function differencesOf(
  { family, view }: FamilyPlan,
  ruleset: Ruleset,
  known: readonly KnownRule[] | undefined,
): string[] {
  const state = view?.state ?? { tables: [], incompatible: [] };
  return compare(ruleset, state, { known })
    .map((difference) => `${family}: ${describeDifference(difference)}`);
}
