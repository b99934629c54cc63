/**
 * Installing through netlink: look, plan, and one transaction over both families.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Family, ResolvedConfig } from "core/proxy/resolved.ts";
import { compareNft } from "core/rules/nft/compare.ts";
import { NFT_TABLE } from "core/rules/nft/model.ts";
import { renderNft } from "core/rules/nft/text.ts";
import type { HostReport, InstallOptions } from "../transparent_proxy/options.ts";
import { loopbackInterface } from "../interfaces.ts";
import { real } from "../transparent_proxy/host_change.ts";
import { endangersSsh, SSH_WARNING } from "../ssh_sessions.ts";
import { requireIpv6 } from "../transparent_proxy/require_ipv6.ts";
import type { Session } from "../transparent_proxy/session.ts";
import { type NftPlan, planNftables } from "./plan.ts";
import { NftSocket } from "./socket.ts";
import { holdsOurIpv6, type Surroundings } from "./surroundings.ts";
import { checkTable, readTable, writeTable } from "./table.ts";

/** What is to be installed, and where. */
export interface InstallSubject {
  readonly document: TransparentProxyConfig;
  readonly config: ResolvedConfig;
  readonly around: Surroundings;
}

/**
 * Puts the rules of `document` in as one table of nftables; a second call changes nothing.
 *
 * @throws {KumaError} with the firewall as it was: `KUMA-TP-230` the kernel refuses, and as planning does;
 *   `KUMA-TP-232` where it is not known what came of it, `-207` where others changed it at once.
 */
export async function installNftables(
  { document, config, around }: InstallSubject,
  session: Session,
  options: InstallOptions,
): Promise<HostReport> {
  const plan = planNftables(document, config, session, around);
  session.lap("detect");
  if (session.blind) {
    session.print?.(renderNft(plan.table));
    return nftReport(plan, false, session);
  }
  requireIpv6(config, plan.ipv6Skipped, {
    acting: () => holdsOurIpv6(around),
    pod: options.netnsPath !== undefined,
    addresses: session.place.ipv6Addresses,
  });
  using socket = new NftSocket();
  if (session.dryRun) return await show(socket, plan, session);
  const changed = apply(socket, { table: plan.table, config, around }, session, options);
  session.lap("apply");
  return nftReport(plan, changed, session);
}

/** What {@linkcode apply} would do; the kernel itself says whether it takes it. */
async function show(socket: NftSocket, plan: NftPlan, session: Session): Promise<HostReport> {
  const found = readTable(socket);
  const due = found === undefined || compareNft(plan.table, found).length > 0;
  const refused = due ? checkTable(socket, plan.table, found !== undefined) : undefined;
  if (refused !== undefined) throw refusal(refused);
  session.lap("check");
  session.print?.(renderNft(plan.table));
  const { addressChange, nftChange } = await import("../transparent_proxy/changes.ts");
  const ipv6 = plan.families.some(({ family }) => family === "ipv6");
  const changes = real([
    ...due ? [nftChange(found, plan.table)] : [],
    ...ipv6 ? [addressChange(loopbackInterface())] : [],
  ]);
  return { ...nftReport(plan, due, session), changed: changes.length > 0, changes };
}

function refusal(reason: string): KumaError {
  return new KumaError(
    "KUMA-TP-230",
    `the kernel refuses the rules of the table inet ${NFT_TABLE}: ${reason}`,
    { hint: "nothing was changed; is a kernel module missing?" },
  );
}

function apply(
  socket: NftSocket,
  { table, config, around }: Pick<InstallSubject, "config" | "around"> & Pick<NftPlan, "table">,
  { logger, print }: Session,
  options: InstallOptions,
): boolean {
  // A table that came since, or one without chains, is refused by its name and replaced then.
  const absent = around.chains !== undefined && !around.ourTable;
  const found = absent ? undefined : readTable(socket);
  if (found !== undefined && compareNft(table, found).length === 0) return false;
  // Nobody has a session in a pod that is only being made.
  if (options.netnsPath === undefined) {
    if (endangersSsh(config)) logger.warn(SSH_WARNING);
    print?.(renderNft(table));
  }
  options.signal?.throwIfAborted();
  const refused = writeTable(socket, table, found !== undefined);
  if (refused !== undefined) throw refusal(refused);
  const [first] = options.verify === true ? compareNft(table, readTable(socket)) : [];
  if (first === undefined) return true;
  throw new KumaError("KUMA-TP-207", `the rules are not as they were applied: ${first}`);
}

function nftReport(plan: NftPlan, changed: boolean, session: Session): HostReport {
  const dnsServers: Partial<Record<Family, readonly string[]>> = {};
  for (const { family, dnsServers: servers } of plan.families) dnsServers[family] = servers;
  return {
    changed,
    changes: [],
    backend: "nftables",
    flavour: undefined,
    families: plan.families.map(({ family }) => family),
    ipv6Skipped: plan.ipv6Skipped,
    executables: {},
    dnsServers,
    bypasses: [],
    tables: changed ? [`inet ${NFT_TABLE}`] : [],
    children: session.children.count,
    durations: session.durations,
  };
}
