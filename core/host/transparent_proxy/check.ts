import { KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { ResolvedConfig } from "core/proxy/resolved.ts";
import type { RuleAhead } from "core/rules/ahead.ts";
import { countedNft, type CountedRule, countedRules } from "core/rules/counted.ts";
import { compare, describeDifference } from "core/rules/diff.ts";
import type { Ruleset } from "core/rules/model.ts";
import { type KnownRule, knownWith, ownerships } from "core/rules/ownership.ts";
import { type Capabilities, probeCapabilities } from "../firewall/capabilities.ts";
import { FirewallJournal, NO_NOTES } from "../firewall/journal.ts";
import { holdsOurs } from "../firewall/snapshot.ts";
import type { FirewallView } from "../firewall/views.ts";
import { homeOf, type OurHome } from "./others_ahead.ts";
import { checkNftables } from "../nftables/check.ts";
import { lookAround, usesIptables } from "../nftables/surroundings.ts";
import { hasPassthroughIpv6 } from "../interfaces.ts";
import { backendFor } from "./install.ts";
import type { HostOptions } from "./options.ts";
import { type FamilyPlan, planInstall } from "./plan.ts";
import { resolved } from "./prepare.ts";
import { openSession, patienceOf, type Session } from "./session.ts";
import { aheadInView, warnOfBypasses } from "./warn_ahead.ts";

/**
 * What lies between the rules of `document` and those of the netns that the main thread is in, one line a
 * difference, such as `ipv4: table nat, chain OUTPUT: a rule is missing: -p tcp -j KUMA_MESH_OUTBOUND`;
 * none where the rules are as they should be. Changes nothing.
 *
 * @throws {KumaError} as planning does.
 */
export async function checkTransparentProxy(
  document: TransparentProxyConfig,
  options: HostOptions = {},
): Promise<string[]> {
  const { differences, ahead } = await examineTransparentProxy(document, options);
  warnOfBypasses(ahead.filter(({ bypasses }) => bypasses), options.logger ?? silentLogger);
  return differences;
}

/** What was found where our rules should be. */
export interface Examined {
  /** As {@linkcode checkTransparentProxy} gives them. */
  readonly differences: string[];
  /** Our rules that are in place, with what they counted where that was asked for. */
  readonly rules: CountedRule[];
  /** Rules of others in the very tables that hold ours. */
  readonly ahead: RuleAhead[];
  /** Where ours are. */
  readonly home: OurHome;
  /** The configuration with nothing left to look up. */
  readonly config: ResolvedConfig;
}

/**
 * Compares, and tells what is there. Changes nothing.
 *
 * @throws {KumaError} as planning does.
 */
export async function examineTransparentProxy(
  document: TransparentProxyConfig,
  options: HostOptions = {},
): Promise<Examined> {
  // As a dry run: looking must not add an address to the loopback interface.
  const session = openSession(options, patienceOf(document), true);
  const config = resolved(document, session, options.paths?.passwd, options.uid);
  const around = lookAround();
  const { backend, reason } = backendFor(document, around, options);
  if (backend === "refused") {
    throw new KumaError("KUMA-TP-231", `nftables cannot be used here: ${reason}`);
  }
  const nothing = !around.ourTable && !usesIptables(around);
  if (backend === "nftables" || document.firewallBackend === "auto" && nothing && !around.reason) {
    const { differences, table, found } = checkNftables({ document, config, around }, session);
    const rules = found === undefined
      ? []
      : countedNft(differences.length === 0 ? table : undefined, found);
    const home = homeOf({ backend: "nftables", flavour: undefined }, config);
    return { differences, rules, ahead: [], home, config };
  }
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
  return { differences, rules, ahead, home, config };
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
