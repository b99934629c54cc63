/**
 * Installing: look, plan, let iptables check, apply all families or none.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { silentLogger } from "core/log/logger.ts";
import { FAMILIES, type Family } from "core/proxy/resolved.ts";
import { type KnownRule, knownRules, ownerships } from "core/rules/ownership.ts";
import { renderRestore } from "core/rules/render.ts";
import { leftovers } from "./firewall/detect.ts";
import { removeEmptyNft } from "./firewall/empty_nft.ts";
import { Journal, NO_NOTES, type Notes } from "./firewall/journal.ts";
import { holdsOurs } from "./firewall/snapshot.ts";
import { applyChanges, type Change, planChange } from "./firewall/transaction.ts";
import { takeTurn } from "./firewall/turn.ts";
import type { View } from "./firewall/views.ts";
import { checkFirewalldFile, storeInFirewalld } from "./firewalld/direct_file.ts";
import { acceptedChange, type UsablePlan } from "./transparent_proxy_accept.ts";
import type { HostReport, InstallOptions } from "./transparent_proxy_options.ts";
import { type FamilyPlan, type HostPlan, planInstall } from "./transparent_proxy_plan.ts";
import { openSession, patienceOf, type Session } from "./transparent_proxy_session.ts";

/**
 * Puts the rules of `document` into the netns that the main thread is in; a second call with the same
 * document changes nothing. Rules of others stay as they are, in every case.
 *
 * @throws {KumaError} with the firewall as it was (`KUMA-TP-208` aside).
 */
export async function installTransparentProxy(
  document: TransparentProxyConfig,
  options: InstallOptions = {},
): Promise<HostReport> {
  const dryRun = options.dryRun ?? document.dryRun;
  // A runtime adds a pod once at a time, and a dry run changes nothing.
  if (dryRun || options.netnsPath !== undefined) return await install(document, options, dryRun);
  using _turn = await takeTurn(options.logger ?? silentLogger, {
    directory: options.paths?.journal,
    signal: options.signal,
  });
  return await install(document, options, dryRun);
}

async function install(
  document: TransparentProxyConfig,
  options: InstallOptions,
  dryRun: boolean,
): Promise<HostReport> {
  const session = openSession(options, patienceOf(document), dryRun);
  const plan = await planInstall(document, session, options.paths?.passwd);
  session.lap("detect");
  if (dryRun) return await showInstall(document, plan, session, options);

  const store = document.storeFirewalld && !document.ebpf.enabled;
  if (store) checkFirewalldFile(options.paths?.directXml);
  const journal = options.netnsPath === undefined && !document.cniMode
    ? new Journal(session.logger, options.paths?.journal)
    : undefined;
  const notes = journal?.read() ?? NO_NOTES;
  const test = options.test ?? checksFirst(document, plan);
  const accepted = await accept(plan, notes, test, session);
  session.lap("check");
  const changes = accepted.changes;
  const due = changes.some(({ transition }) => transition.text !== "");
  if (due) {
    const before = notesBefore(notes, plan, session);
    const hold = openNotes(journal, { notes, changes, before }, session);
    session.logger.info("about to change the firewall: an SSH session may drop");
    try {
      await applyChanges(changes, {
        ...session,
        retries: test ? document.retry.maxRetries : 0,
        parallel: options.parallelFamilies ?? document.cniMode,
        verify: options.verify ?? false,
      });
    } catch (error) {
      removeEmptyNft(before, session.logger);
      hold.undo();
      // Without a check beforehand, a refusal may only mean that the host can do less.
      const refused = error instanceof KumaError && error.code === "KUMA-TP-205";
      if (test || !refused) throw error;
      session.logger.warn(`trying again with a check first: ${errorText(error)}`);
      return await install(document, { ...options, test: true }, dryRun);
    }
    if (changes.some(({ transition }) => transition.emptied.length > 0)) {
      removeEmptyNft(before, session.logger);
    }
    hold.settle();
    session.lap("apply");
  }
  const stored = store &&
    storeInFirewalld(rulesetsOf(changes), session, document, options.paths?.directXml);
  return report(plan, { ...accepted, changed: due || stored }, session);
}

/**
 * Legacy checks rules in 2 ms. With nft the kernel waits 20 to 60 ms for its readers when it drops what was
 * only checked (measured on Linux 6.18), more than the whole application takes: there the rules are applied
 * at once, and put back, checked and probed only where they are refused.
 */
function checksFirst(document: TransparentProxyConfig, plan: HostPlan): boolean {
  return !document.cniMode && plan.ipv4View?.tools.flavour === "legacy";
}

interface Accepted {
  readonly changes: readonly Change[];
  readonly ipv6Skipped: string | undefined;
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
    const known = notes.known[family.family];
    return test
      ? acceptedChange(family, known, session)
      : planChange(family.view, family.ruleset, known);
  }));
  const changes = outcomes.filter((outcome) => typeof outcome !== "string");
  const elsewhere = await leftovers(session.views, changes.map(({ view }) => view));
  for (const view of elsewhere) {
    session.logger.info(`removing rules of ours that do not belong here: ${view.tools.restore}`, {
      family: view.tools.family,
    });
    changes.push(planChange(view, undefined, notes.known[view.tools.family]));
  }
  const refused = outcomes.find((outcome) => typeof outcome === "string");
  return { changes, ipv6Skipped: plan.ipv6Skipped ?? refused };
}

/** What nftables held before the first of our rules: as noted, unless nothing of ours is there any more. */
function notesBefore(notes: Notes, plan: HostPlan, session: Session): Notes["nftBefore"] {
  const views = [plan.ipv4View, plan.ipv6View].filter((view): view is View => view !== undefined);
  const installed = views.some(({ state, tools }) =>
    holdsOurs(state) ||
    [...ownerships(state, notes.known[tools.family]).values()].includes("ours")
  );
  if (installed) return notes.nftBefore;
  return {
    ipv4: session.views.nftObjects("ipv4"),
    ipv6: session.views.nftObjects("ipv6"),
  };
}

/** The journal around an application: what may be ours is noted before, what is ours after. */
function openNotes(
  journal: Journal | undefined,
  given: { notes: Notes; changes: readonly Change[]; before: Notes["nftBefore"] },
  { logger }: Session,
): { settle(): void; undo(): void } {
  if (journal === undefined) return { settle() {}, undo() {} };
  const { notes, changes, before } = given;
  const fresh: Record<Family, KnownRule[]> = { ipv4: [], ipv6: [] };
  for (const { view, desired } of changes) {
    if (desired !== undefined) fresh[view.tools.family] = silentRules(desired);
  }
  const needed = FAMILIES.some((family) => fresh[family].length > 0);
  const write = (known: Notes["known"]): void => {
    try {
      journal.write({ known, nftBefore: before });
    } catch (error) {
      // Rules with comments are found without a journal; only an empty table may stay behind.
      if (needed || !(error instanceof KumaError)) throw error;
      logger.debug(errorText(error));
    }
  };
  const both = (family: Family) => [...notes.known[family], ...fresh[family]];
  write({ ipv4: both("ipv4"), ipv6: both("ipv6") });
  const changed = FAMILIES.some((family) => notes.known[family].length > 0);
  return {
    settle: () => changed && write(fresh),
    undo: () => notes === NO_NOTES ? journal.remove() : write(notes.known),
  };
}

function silentRules(ruleset: NonNullable<Change["desired"]>): KnownRule[] {
  const tables = ruleset.tables
    .map((table) => ({
      ...table,
      rules: table.rules.filter((rule) => rule.comment === undefined),
    }));
  return knownRules({ ...ruleset, tables });
}

function rulesetsOf(changes: readonly Change[]) {
  return changes.flatMap(({ desired }) => desired === undefined ? [] : [desired]);
}

/** Prints what would be applied. Nothing is changed, and IPv6 is shown under the same conditions. */
async function showInstall(
  document: TransparentProxyConfig,
  plan: HostPlan,
  session: Session,
  options: InstallOptions,
): Promise<HostReport> {
  const shown: { family: Family; ruleset: FamilyPlan["ruleset"] }[] = [];
  let ipv6Skipped = plan.ipv6Skipped;
  for (const family of plan.families) {
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
  session.print(`${parts.join("\n\n")}\n`);
  if (document.storeFirewalld && !document.ebpf.enabled) {
    storeInFirewalld(
      shown.map(({ ruleset }) => ruleset),
      session,
      document,
      options.paths?.directXml,
    );
  }
  return report(plan, { changes: [], ipv6Skipped, changed: false }, session);
}

/** In a dry run only nft can check rules without changing the system: legacy's check creates tables. */
async function dryRunRuleset(
  plan: FamilyPlan,
  session: Session,
): Promise<FamilyPlan["ruleset"] | string> {
  if (plan.view === undefined || plan.view.tools.flavour === "legacy") return plan.ruleset;
  // Against an empty firewall: whether the rules could replace those that are there is not the question.
  const view: View = { ...plan.view, state: { tables: [], incompatible: [] } };
  try {
    const accepted = await acceptedChange({ ...plan, view }, [], session);
    return typeof accepted === "string" ? accepted : accepted.desired ?? plan.ruleset;
  } catch (error) {
    if (!(error instanceof KumaError)) throw error;
    session.logger.warn(`a real run would fail: ${errorText(error)}`, { family: plan.family });
    return plan.ruleset;
  }
}

function report(
  plan: HostPlan,
  outcome: Accepted & { readonly changed: boolean },
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
    flavour: plan.ipv4View?.tools.flavour,
    families,
    ipv6Skipped: outcome.ipv6Skipped,
    executables,
    dnsServers,
    tables: outcome.changes.flatMap(({ view, transition }) =>
      transition.tables.map((table) => `${view.tools.family} ${table}`)
    ),
    children: session.children.count,
    durations: session.durations,
  };
}
