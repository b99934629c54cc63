/**
 * Installing, with the backend that fits the host. What only iptables needs is loaded where it is used: most pods
 * are set up without.
 *
 * Known limits: legacy tables, once used, stay (empty) until their network namespace ends; `::6/128` stays
 * on the loopback interface.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { NFT_TABLE } from "core/rules/nft/model.ts";
import { takeTurn } from "../firewall/turn.ts";
import { installNftables, type InstallSubject } from "../nftables/install.ts";
import {
  holdsOurIptables,
  lookAround,
  type Surroundings,
  usesIptables,
} from "../nftables/surroundings.ts";
import { ownTable, removeOwnTable } from "../nftables/table.ts";
import { backendFor } from "./backend.ts";
import { real } from "./host_change.ts";
import type { HostReport, InstallOptions } from "./options.ts";
import { resolved } from "./prepare.ts";
import { again, openSession, patienceOf, type Session } from "./session.ts";

/**
 * Puts the rules of `document` into the netns that the main thread is in; a second call with the same
 * document changes nothing. Rules of others stay as they are, in every case. From one backend to the other
 * the new rules are in before the old ones go.
 *
 * @throws {KumaError} with the firewall as it was (`KUMA-TP-208` aside).
 */
export async function installTransparentProxy(
  document: TransparentProxyConfig,
  options: InstallOptions = {},
): Promise<HostReport> {
  const dryRun = options.dryRun ?? document.dryRun;
  const session = openSession(options, patienceOf(document), dryRun);
  // A runtime adds a pod once at a time, and a dry run changes nothing.
  if (dryRun || options.netnsPath !== undefined) {
    const config = resolved(document, session, options.paths?.passwd);
    const report = await install({ document, config }, session, options);
    const records = dryRun && !session.blind && options.netnsPath === undefined;
    return records ? await withRecord(report, { document, config }, options) : report;
  }
  using _turn = await takeTurn(options.logger ?? silentLogger, {
    directory: options.paths?.journal,
    signal: options.signal,
  });
  const config = resolved(document, session, options.paths?.passwd);
  const { openRecord } = await import("./record.ts");
  const record = openRecord(
    { document, uid: config.uid, sources: options.sources ?? {} },
    session.logger,
    options.paths?.journal,
  );
  try {
    const report = await install({ document, config }, session, options);
    record.settle(report);
    return report;
  } catch (error) {
    if (!(error instanceof KumaError && UNSETTLED.has(error.code))) record.undo();
    throw error;
  }
}

/** Codes after which nobody knows whether the old rules or the new ones are in. */
const UNSETTLED: ReadonlySet<string> = new Set(["KUMA-TP-207", "KUMA-TP-208", "KUMA-TP-232"]);

async function withRecord(
  report: HostReport,
  { document, config }: Pick<InstallSubject, "document" | "config">,
  { sources: all = {}, paths }: InstallOptions,
): Promise<HostReport> {
  const { recordChange } = await import("./record.ts");
  // What a real run notes: it was no dry run.
  const { dryRun: _, ...sources } = all;
  const intended = { document: { ...document, dryRun: false }, uid: config.uid, sources };
  const changes = real([
    ...report.changes,
    recordChange({ intended, outcome: report }, paths?.journal),
  ]);
  return { ...report, changes };
}

async function install(
  { document, config }: Pick<InstallSubject, "document" | "config">,
  session: Session,
  options: InstallOptions,
): Promise<HostReport> {
  const around = lookAround();
  const subject: InstallSubject = { document, config, around };
  const choice = backendFor(document, around, options, session.blind);
  session.logger.debug(`firewall backend: ${choice.backend}, as ${choice.reason}`);
  if (choice.backend === "refused") {
    throw new KumaError("KUMA-TP-231", `nftables cannot be used here: ${choice.reason}`, {
      hint: "nothing was changed; --firewall-backend auto or iptables may do",
    });
  }
  const first = choice.backend === "nftables" ? withNftables : withIptables;
  const other = choice.backend === "nftables" ? withIptables : withNftables;
  try {
    return await withBypasses(await first(subject, session, options), subject, session);
  } catch (error) {
    // Refused by the kernel, or no iptables to be found: nothing was changed.
    const unusable = error instanceof KumaError && /^KUMA-TP-(201|202|230)$/.test(error.code);
    if (!unusable || !choice.fallback) throw error;
    session.logger.info(
      `${choice.backend} cannot be used, going on without it: ${errorText(error)}`,
    );
    const report = await other(subject, again(session), options).catch((second: unknown) => {
      // The first one's reason is the one that can be mended.
      throw new KumaError(error.code, `${error.message}; and without it: ${errorText(second)}`, {
        cause: second,
      });
    });
    return await withBypasses(report, subject, session);
  }
}

/** Rules of others elsewhere that keep packets from ours are warned of as well: what is in may yet do nothing. */
async function withBypasses(
  report: HostReport,
  { around, config }: InstallSubject,
  session: Session,
): Promise<HostReport> {
  const nobody = (around.chains ?? []).length === 0 && around.legacy.length === 0;
  if (nobody) return report;
  const { homeOf, othersAhead } = await import("./others_ahead.ts");
  const { describeAhead, warnOfBypasses } = await import("./describe_ahead.ts");
  const { ahead, unseen } = await othersAhead(around, homeOf(report, config), session)
    // Our rules are in: that somebody else's cannot be read is no reason to say otherwise.
    .catch((error: unknown) => {
      if (!(error instanceof KumaError)) throw error;
      const words = `whether rules of others come before ours cannot be seen: ${errorText(error)}`;
      return { ahead: [], unseen: [words] };
    });
  const bypasses = ahead.filter((one) => one.bypasses);
  warnOfBypasses(bypasses, session.logger);
  for (const words of unseen) session.logger.warn(words);
  return { ...report, bypasses: [...report.bypasses, ...bypasses.map(describeAhead)] };
}

async function withNftables(
  subject: InstallSubject,
  session: Session,
  options: InstallOptions,
): Promise<HostReport> {
  const { around } = subject;
  const report = await installNftables(subject, session, options);
  if (session.blind || !usesIptables(around)) return report;
  // What is ours in iptables goes now that the new rules are in.
  const { removeFromIptables } = await import("./uninstall.ts");
  const changes = await removeFromIptables(again({ ...session, print: undefined }), options)
    .catch((error: unknown) => {
      const left = () => leftBehind(error, around, session);
      return session.dryRun || around.ourTable ? left() : orRemoved(left);
    });
  if (!session.dryRun) await forgetJournal(session, options);
  const tables = changes.flatMap(({ view, transition }) =>
    transition.tables.map((table) => `${view.tools.family} ${table}`)
  );
  const removed = session.dryRun ? (await import("./changes.ts")).iptablesChanges(changes) : [];
  return {
    ...report,
    changes: [...report.changes, ...removed],
    changed: report.changed || tables.length > 0,
    tables: [...report.tables, ...tables],
    children: session.children.count,
  };
}

/** Both at once would redirect twice: the table that has just come goes again where `look` throws. */
function orRemoved<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    removeOwnTable();
    throw error;
  }
}

/** The rules that the journal tells of are gone; that it stays must not undo what is in. */
async function forgetJournal({ logger }: Session, { paths, netnsPath }: InstallOptions) {
  if (netnsPath !== undefined) return;
  const { FirewallJournal } = await import("../firewall/journal.ts");
  try {
    new FirewallJournal(logger, paths?.journal).remove();
  } catch (error) {
    if (!(error instanceof KumaError)) throw error;
    logger.warn(`notes of rules that are gone stay: ${errorText(error)}`);
  }
}

/** Without iptables nobody can read its tables; that matters only where they are known to hold rules of ours. */
function leftBehind(error: unknown, around: Surroundings, { logger }: Session): never[] {
  const unreadable = error instanceof KumaError && error.code === "KUMA-TP-201";
  if (!unreadable || holdsOurIptables(around)) throw error;
  if (around.legacy.length > 0) {
    logger.warn(`whether rules of an earlier run are in iptables cannot be seen: ${error.message}`);
  }
  return [];
}

async function withIptables(
  subject: InstallSubject,
  session: Session,
  options: InstallOptions,
): Promise<HostReport> {
  const { installIptables } = await import("./install_iptables.ts");
  const report = await installIptables(subject, session, options);
  if (!subject.around.ourTable) return report;
  if (session.dryRun) {
    const { nftChange } = await import("./changes.ts");
    return {
      ...report,
      changed: true,
      changes: [...report.changes, nftChange(ownTable(), undefined)],
    };
  }
  if (!removeOwnTable()) return report;
  return { ...report, changed: true, tables: [...report.tables, `inet ${NFT_TABLE}`] };
}
