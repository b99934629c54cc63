/**
 * Installing with iptables: look, plan, let iptables check, apply all families or none.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Family } from "core/proxy/resolved.ts";
import { leftovers } from "../firewall/detect.ts";
import { removeEmptyNft } from "../firewall/empty_nft.ts";
import { FirewallJournal, NO_NOTES, type Notes } from "../firewall/journal.ts";
import { applyChanges, type FirewallChange, planChange } from "../firewall/transaction.ts";
import { checkFirewalldFile, storeInFirewalld } from "../firewalld/direct_file.ts";
import { notesBefore, openNotes } from "./notes.ts";
import { acceptedChange, type UsablePlan } from "./accept.ts";
import type { InstallSubject } from "../nftables/install.ts";
import { holdsOurIpv6 } from "../nftables/surroundings.ts";
import type { HostReport, InstallOptions } from "./options.ts";
import { type HostPlan, planInstall } from "./plan.ts";
import { endangersSsh, SSH_WARNING } from "../ssh_sessions.ts";
import { requireIpv6 } from "./require_ipv6.ts";
import { installReport } from "./report.ts";
import { again, type Session } from "./session.ts";
import { describeAhead } from "./describe_ahead.ts";
import { warnOfAccepts } from "./warn_ahead.ts";
import { restorerOf, viewsOf } from "./programs.ts";

/**
 * Puts the rules of `document` in with iptables; a second call with the same document changes nothing.
 *
 * @throws {KumaError} with the firewall as it was (`KUMA-TP-208` aside).
 */
export async function installIptables(
  subject: InstallSubject,
  session: Session,
  options: InstallOptions,
): Promise<HostReport> {
  const { document, config, around } = subject;
  const plan = await planInstall(document, config, session);
  session.lap("detect");
  const store = document.storeFirewalld && !document.ebpf.enabled;
  if (store) checkFirewalldFile(options.paths?.directXml);
  const journal = options.netnsPath === undefined && !document.cniMode && !session.blind
    ? new FirewallJournal(session.logger, options.paths?.journal)
    : undefined;
  const notes = journal?.read() ?? NO_NOTES;
  const test = session.dryRun
    ? checksWithoutTrace(plan)
    : options.test ?? checksFirst(document, plan);
  const accepted = await accept(plan, notes, test, session);
  session.lap("check");
  const changes = accepted.changes;
  if (!session.blind) {
    requireIpv6(config, accepted.ipv6Skipped, {
      acting: () => accepted.elsewhere.includes("ipv6") || holdsOurIpv6(around),
      pod: options.netnsPath !== undefined,
    });
  }
  const bypasses = changes.flatMap((change) => {
    const toCome = change.transition.tables.includes("nat");
    return warnOfAccepts({ ...change, toCome }, session.logger).map(describeAhead);
  });
  if (session.dryRun) {
    const { showInstall } = await import("./dry_run.ts");
    return await showInstall(
      { document, plan, ...accepted, journal, notes, bypasses },
      session,
      options,
    );
  }
  const due = changes.some(({ transition }) => transition.text !== "");
  if (due) {
    const before = notesBefore(notes, plan, session);
    const hold = openNotes(journal, { notes, changes, before }, session);
    // Nobody has a session in a pod that is only being made.
    if (options.netnsPath === undefined && endangersSsh(config)) {
      session.logger.warn(SSH_WARNING);
    }
    try {
      await applyChanges(changes, {
        ...session,
        restorer: restorerOf(session),
        retries: test ? document.retry.maxRetries : 0,
        parallel: options.parallelFamilies ?? document.cniMode,
        verify: options.verify ?? false,
        putBackSignal: options.putBackSignal,
      });
    } catch (error) {
      removeEmptyNft(before, session.logger);
      hold.undo();
      // Without a check beforehand, a refusal may only mean that the host can do less.
      const refused = error instanceof KumaError && error.code === "KUMA-TP-205";
      if (test || !refused) throw error;
      session.logger.warn(`trying again with a check first: ${errorText(error)}`);
      return await installIptables(subject, again(session), { ...options, test: true });
    }
    if (changes.some(({ transition }) => transition.emptied.length > 0)) {
      removeEmptyNft(before, session.logger);
    }
    hold.settle();
    session.lap("apply");
  }
  const stored = store &&
    storeInFirewalld(rulesetsOf(changes), session, document, options.paths?.directXml);
  return installReport(plan, { ...accepted, changed: due || stored, bypasses }, session);
}

/**
 * Legacy checks rules in 2 ms. With nft the kernel waits 20 to 60 ms for its readers when it drops what was
 * only checked (measured on Linux 6.18), more than the whole application takes: there the rules are applied
 * at once, and put back, checked and probed only where they are refused.
 */
function checksFirst(document: TransparentProxyConfig, plan: HostPlan): boolean {
  return !document.cniMode && plan.ipv4View?.tools.flavour === "legacy";
}

/** In a dry run only nft can check rules without changing the system: legacy's check creates tables. */
function checksWithoutTrace(plan: HostPlan): boolean {
  return plan.ipv4View?.tools.flavour === "nft";
}

interface Accepted {
  readonly changes: readonly FirewallChange[];
  readonly ipv6Skipped: string | undefined;
  /** Families with rules of ours where none belong. */
  readonly elsewhere: readonly Family[];
}

/** The changes of all views: the planned ones, and the removal of ours from where they do not belong. */
async function accept(
  plan: HostPlan,
  notes: Notes,
  test: boolean,
  session: Session,
): Promise<Accepted> {
  const usable = plan.families.filter((family): family is UsablePlan => family.view !== undefined);
  // At once: the checks wait for nothing of each other and change nothing.
  const outcomes = await Promise.all(usable.map((family) => {
    const known = notes === NO_NOTES ? undefined : notes.known[family.family];
    return test
      ? acceptedChange(family, known, session)
      : planChange(family.view, family.ruleset, known);
  }));
  const changes = outcomes.filter((outcome) => typeof outcome !== "string");
  const refused = outcomes.find((outcome) => typeof outcome === "string");
  const ipv6Skipped = plan.ipv6Skipped ?? refused;
  const elsewhere = await leftovers(
    viewsOf(session),
    changes.map(({ view }) => view),
    session.logger,
  );
  for (const view of elsewhere) {
    session.logger.info(`removing rules of ours that do not belong here: ${view.tools.restore}`, {
      family: view.tools.family,
    });
    changes.push(planChange(view, undefined, notes.known[view.tools.family]));
  }
  return { changes, ipv6Skipped, elsewhere: elsewhere.map(({ tools }) => tools.family) };
}

function rulesetsOf(changes: readonly FirewallChange[]) {
  return changes.flatMap(({ desired }) => desired === undefined ? [] : [desired]);
}
