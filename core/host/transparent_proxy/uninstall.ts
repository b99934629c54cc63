/**
 * Taking our rules away, from whatever flavour and family holds them, and nothing else.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import { defaultConfig } from "core/proxy/config.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { isOurChain } from "core/rules/model.ts";
import { type KnownRule, ownerships } from "core/rules/ownership.ts";
import type { SavedState } from "core/rules/saved.ts";
import type { NftImage } from "core/rules/nft/image.ts";
import { NFT_TABLE } from "core/rules/nft/model.ts";
import { ownTable, removeOwnTable } from "../nftables/table.ts";
import { removeEmptyNft } from "../firewall/empty_nft.ts";
import { FirewallJournal, NO_NOTES } from "../firewall/journal.ts";
import { applyChanges, type FirewallChange, planChange } from "../firewall/transaction.ts";
import { takeTurn } from "../firewall/turn.ts";
import type { FirewallView } from "../firewall/views.ts";
import { DIRECT_XML, removeFromFirewalld, unstoredText } from "../firewalld/direct_file.ts";
import { recordChange, removeRecord } from "./record.ts";
import { resolvConfText, restoreResolvConf } from "./resolv_conf_backup.ts";
import { fileChange, type HostChange, jsonChange, real } from "./host_change.ts";
import type { HostReport, UninstallOptions } from "./options.ts";
import { openSession, patienceOf, type Session } from "./session.ts";
import { restorerOf, viewsOf } from "./programs.ts";

/**
 * Removes our rules, chains, entries of firewalld's direct.xml and the tables that only we needed; gives
 * back a resolv.conf that releases before 1.8 changed. Success where nothing of it is there.
 *
 * @throws {KumaError} with the firewall as it was (`KUMA-TP-208` aside).
 */
export async function uninstallTransparentProxy(
  options: UninstallOptions = {},
): Promise<HostReport> {
  const dryRun = options.dryRun ?? false;
  using _turn = dryRun ? undefined : await takeTurn(options.logger ?? silentLogger, {
    directory: options.paths?.journal,
    signal: options.signal,
  });
  const session = openSession(options, patienceOf(defaultConfig()), dryRun);
  const planned = session.dryRun && !session.blind ? plannedFiles(options) : [];
  const changes = await removeFromIptables(session, options);
  const image = dryRun ? ownTable() : undefined;
  const nftables = dryRun ? image !== undefined : removeOwnTable();
  if (nftables && dryRun) session.print?.(`the table inet ${NFT_TABLE} of nftables would go\n`);
  session.lap("apply");
  const unstored = removeFromFirewalld(session, options.paths?.directXml);
  const restored = !(options.ebpf ?? false) &&
    restoreResolvConf(session, options.paths?.resolvConf);
  if (!dryRun) forget(session, options);
  const tables = [
    ...changes.flatMap(({ view, transition }) =>
      transition.tables.map((table) => `${view.tools.family} ${table}`)
    ),
    ...(nftables ? [`inet ${NFT_TABLE}`] : []),
  ];
  return {
    changed: tables.length > 0 || unstored || restored,
    changes: dryRun ? await plannedRules(changes, image, planned) : [],
    backend: nftables ? "nftables" : "iptables",
    flavour: changes[0]?.view.tools.flavour,
    families: [],
    ipv6Skipped: undefined,
    executables: {},
    dnsServers: {},
    tables,
    bypasses: [],
    children: session.children.count,
    durations: session.durations,
  };
}

function plannedFiles({ paths, ebpf }: UninstallOptions): HostChange[] {
  const direct = unstoredText(paths?.directXml);
  const resolvConf = ebpf === true ? undefined : resolvConfText(paths?.resolvConf);
  const journal = new FirewallJournal(silentLogger, paths?.journal);
  return real([
    fileChange(paths?.directXml ?? DIRECT_XML, direct.before, direct.after),
    fileChange(paths?.resolvConf ?? "/etc/resolv.conf", resolvConf?.before, resolvConf?.after),
    jsonChange(journal.path, journal.read(), undefined),
    recordChange(undefined, paths?.journal),
  ]);
}

async function plannedRules(
  changes: readonly FirewallChange[],
  image: NftImage | undefined,
  files: readonly HostChange[],
): Promise<HostChange[]> {
  const { iptablesChanges, nftChange } = await import("./changes.ts");
  return real([...iptablesChanges(changes), nftChange(image, undefined), ...files]);
}

/**
 * Takes our rules out of iptables, of whatever flavour and family, or shows in a dry run what would go. What was noted
 * of them stays.
 *
 * @throws {KumaError} with the firewall as it was (`KUMA-TP-208` aside).
 */
export async function removeFromIptables(
  session: Session,
  { paths }: UninstallOptions,
): Promise<FirewallChange[]> {
  const notes = new FirewallJournal(session.logger, paths?.journal).read();
  const { known, nftBefore } = notes ?? NO_NOTES;
  const changes = await planRemoval(known, session);
  session.lap("detect");
  if (session.dryRun) {
    showRemoval(changes, session);
    return changes;
  }
  await applyChanges(changes, {
    restorer: restorerOf(session),
    logger: session.logger,
    retries: defaultConfig().retry.maxRetries,
    parallel: false,
    verify: false,
  });
  removeEmptyNft(nftBefore, session.logger);
  return changes;
}

/**
 * Forgets what was noted, once all that it tells of is gone: also notes that could not be read.
 *
 * @throws {KumaError} `KUMA-TP-212` where a note stays, which a later run would believe.
 */
function forget({ logger }: Session, { paths }: UninstallOptions): void {
  const failures: unknown[] = [];
  for (
    const remove of [
      () => new FirewallJournal(logger, paths?.journal).remove(),
      () => removeRecord(paths?.journal),
    ]
  ) {
    try {
      remove();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 0) return;
  const reasons = failures.map(errorText).join("; ");
  throw new KumaError(
    "KUMA-TP-212",
    `the rules are gone, and what was noted of them is not: ${reasons}`,
    {
      cause: failures[0],
      hint: "make the file system writable, then run it again",
    },
  );
}

/** One change for each view that exists; a flavour without any table needs no program to say so. */
async function planRemoval(
  known: Readonly<Record<"ipv4" | "ipv6", readonly KnownRule[]>>,
  session: Session,
): Promise<FirewallChange[]> {
  const { logger, blind } = session;
  const views = viewsOf(session);
  const pairs = FAMILIES.flatMap((family) =>
    (["nft", "legacy"] as const).map((flavour) => ({ family, flavour }))
  ).filter(({ family, flavour }) => views.hasTables(family, flavour) !== false);
  const found = await Promise.all(pairs.map(async ({ family, flavour }) => ({
    family,
    certain: views.hasTables(family, flavour) === true,
    view: await views.get(family, flavour),
  })));
  const changes: FirewallChange[] = [];
  for (const { family, certain, view } of found) {
    if (typeof view !== "string") changes.push(planChange(view, undefined, known[family]));
    // Tables are there, and nothing to read them with: they may hold rules of ours.
    else if (certain && !blind) {
      throw new KumaError("KUMA-TP-201", `the firewall cannot be read: ${view}`, {
        hint: "install the package iptables",
      });
    } else if (certain) logger.warn(view, { family });
  }
  return changes;
}

/** Prints what would go from each firewall that holds something of ours. */
function showRemoval(changes: readonly FirewallChange[], { print }: Session): void {
  const parts = changes.filter(({ transition }) => transition.text !== "").map((change) => {
    const { family, flavour } = change.view.tools;
    return `### ${family === "ipv4" ? "IPv4" : "IPv6"}, iptables-${flavour}: would go ###\n\n${
      going(change.view, change.known ?? [])
    }`;
  });
  if (parts.length > 0) print?.(`${parts.join("\n\n")}\n`);
}

function going({ state }: FirewallView, known: readonly KnownRule[]): string {
  const owners = ownerships(state, known);
  return state.tables.map(({ name, chains, rules }: SavedState["tables"][number]) =>
    [
      ...chains.filter((chain) => isOurChain(chain.name)).map((chain) => `:${chain.name} -`),
      ...rules.filter((rule) => owners.get(rule) !== "foreign")
        .map((rule) => `-A ${rule.chain} ${rule.text}`.trimEnd()),
    ].map((line, at) => at === 0 ? `*${name}\n${line}` : line)
  )
    .filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n");
}
