/**
 * The dry run of an installation.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Family } from "core/proxy/resolved.ts";
import { renderRestore } from "core/rules/render.ts";
import type { FirewallView } from "../firewall/views.ts";
import { storeInFirewalld } from "../firewalld/direct_file.ts";
import { acceptedChange } from "./accept.ts";
import type { HostReport, InstallOptions } from "./options.ts";
import type { FamilyPlan, HostPlan } from "./plan.ts";
import { installReport } from "./report.ts";
import type { Session } from "./session.ts";
import { warnOfAccepts } from "./warn_ahead.ts";

/** Prints what would be applied. Nothing is changed, and IPv6 is shown under the same conditions. */
export async function showInstall(
  document: TransparentProxyConfig,
  plan: HostPlan,
  session: Session,
  options: InstallOptions,
): Promise<HostReport> {
  const shown: { family: Family; ruleset: FamilyPlan["ruleset"] }[] = [];
  let ipv6Skipped = plan.ipv6Skipped;
  for (const family of plan.families) {
    const { view, ruleset: desired } = family;
    if (view !== undefined) {
      warnOfAccepts({ view, desired, known: undefined, toCome: true }, session.logger);
    }
    const accepted = await dryRunRuleset(family, session);
    if (typeof accepted === "string") ipv6Skipped = accepted;
    else shown.push({ family: family.family, ruleset: accepted });
  }
  session.lap("check");
  const parts = shown.map(({ family, ruleset }) =>
    `### ${family === "ipv4" ? "IPv4" : "IPv6"} ###\n\n${
      renderRestore(ruleset, { verbose: document.verbose }).trim()
    }`
  );
  session.print?.(`${parts.join("\n\n")}\n`);
  if (document.storeFirewalld && !document.ebpf.enabled) {
    storeInFirewalld(
      shown.map(({ ruleset }) => ruleset),
      session,
      document,
      options.paths?.directXml,
    );
  }
  return installReport(plan, { changes: [], ipv6Skipped, changed: false }, session);
}

/** In a dry run only nft can check rules without changing the system: legacy's check creates tables. */
async function dryRunRuleset(
  plan: FamilyPlan,
  session: Session,
): Promise<FamilyPlan["ruleset"] | string> {
  if (plan.view === undefined || plan.view.tools.flavour === "legacy") return plan.ruleset;
  // Against an empty firewall: whether the rules could replace those that are there is not the question.
  const view: FirewallView = { ...plan.view, state: { tables: [], incompatible: [] } };
  try {
    const accepted = await acceptedChange({ ...plan, view }, [], session);
    return typeof accepted === "string" ? accepted : accepted.desired ?? plan.ruleset;
  } catch (error) {
    if (!(error instanceof KumaError)) throw error;
    session.logger.warn(`a real run would fail: ${errorText(error)}`, { family: plan.family });
    return plan.ruleset;
  }
}
