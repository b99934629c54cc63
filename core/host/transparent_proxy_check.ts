import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { compare, describeDifference } from "core/rules/diff.ts";
import type { Ruleset } from "core/rules/model.ts";
import type { KnownRule } from "core/rules/ownership.ts";
import { probeCapabilities } from "./firewall/capabilities.ts";
import { Journal, NO_NOTES } from "./firewall/journal.ts";
import type { HostOptions } from "./transparent_proxy_options.ts";
import { type FamilyPlan, planInstall } from "./transparent_proxy_plan.ts";
import { openSession, patienceOf } from "./transparent_proxy_session.ts";

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
  // As a dry run: looking must not add an address to the loopback interface.
  const session = openSession(options, patienceOf(document), true);
  const { families } = await planInstall(document, session, options.paths?.passwd);
  const notes = options.netnsPath === undefined && !document.cniMode
    ? new Journal(session.logger, options.paths?.journal).read() ?? NO_NOTES
    : NO_NOTES;
  const differences: string[] = [];
  for (const plan of families) {
    const known = notes === NO_NOTES ? undefined : notes.known[plan.family];
    let found = differencesOf(plan, plan.ruleset, known);
    if (found.length > 0 && plan.view !== undefined) {
      // Perhaps the host can do less than was assumed: then the rules that it has are the right ones.
      const capabilities = await probeCapabilities(session.children, plan.view.tools);
      found = differencesOf(plan, plan.rebuild(capabilities), known);
    }
    differences.push(...found);
  }
  return differences;
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
