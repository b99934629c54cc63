/**
 * The transparent proxy by eBPF programs, for `install` and `uninstall transparent-proxy`.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { BpfReport } from "core/host/bpf/install.ts";
import { currentPrivileges } from "core/host/privileges.ts";
import { type HostChange, real } from "core/host/transparent_proxy/host_change.ts";
import { type Logger, silentLogger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Io } from "core/program/io.ts";

/** What says that the node cannot do it, and not that something was done wrong. */
const UNABLE: ReadonlySet<string> = new Set([
  "KUMA-TP-024",
  "KUMA-BPF-010",
  "KUMA-BPF-012",
  "KUMA-BPF-015",
  "KUMA-BPF-016",
  "KUMA-BPF-019",
  "KUMA-BPF-024",
]);

/**
 * Puts it in force, and takes firewall rules of an earlier run away then.
 *
 * @param sources of the settings that are no defaults, by key, for `kumactl status`
 * @returns what was done; undefined where this node cannot do it, and `ebpf.fallback` asks for firewall rules then
 * @throws {KumaError} as `installBpf` does
 */
export async function installEbpf(
  config: TransparentProxyConfig,
  logger: Logger,
  io: Io,
  sources: Readonly<Record<string, string>>,
): Promise<BpfReport | undefined> {
  const { installBpf } = await import("core/host/bpf/install.ts");
  let report: BpfReport;
  const options = { logger, print: (text: string) => io.out(text) };
  try {
    report = await installBpf(config, options);
  } catch (thrown) {
    const unable = thrown instanceof KumaError && UNABLE.has(thrown.code);
    if (!unable || !config.ebpf.fallback) throw thrown;
    logger.warn(`firewall rules are used in its place: ${thrown.message}`);
    return undefined;
  }
  const removed = await removeRules(logger, config.dryRun);
  const { openRecord, recordChange } = await import("core/host/transparent_proxy/record.ts");
  const { resolved } = await import("core/host/transparent_proxy/prepare.ts");
  const { uid } = resolved(config, { logger: silentLogger }, undefined);
  const outcome = { ...report, backend: "eBPF" } as const;
  if (!config.dryRun) {
    openRecord({ document: config, uid, sources }, logger).settle(outcome);
    return report;
  }
  if (!currentPrivileges().has("CAP_NET_ADMIN")) return report;
  // What a real run notes: it was no dry run.
  const { dryRun: _, ...rest } = sources;
  const intended = { document: { ...config, dryRun: false }, uid, sources: rest };
  const noted = recordChange({ intended, outcome });
  // Rules of an earlier run take their note with them, and this one comes in its place.
  const others = removed.filter(({ subject }) => subject !== noted.subject);
  return { ...report, changes: real([...report.changes, ...others, noted]) };
}

/**
 * Takes it away from this network namespace, and from the node where no other one has it.
 *
 * @returns whether it was there, or in a dry run what would go
 */
export async function uninstallEbpf(
  bpffs: string,
  dryRun: boolean,
): Promise<{ readonly changed: boolean; readonly changes: readonly HostChange[] }> {
  if (!dryRun) {
    const { uninstallBpf } = await import("core/host/bpf/install.ts");
    return { changed: await uninstallBpf(bpffs), changes: [] };
  }
  const { bpfRemoval } = await import("core/host/bpf/changes.ts");
  const changes = bpfRemoval(bpffs);
  return { changed: changes.length > 0, changes };
}

/**
 * Makes sure that {@linkcode removeEbpfHere} can look at the namespace where something is in force.
 *
 * @throws {KumaError} `KUMA-BPF-…`, `KUMA-HOST-113` where it could not.
 */
export async function requireEbpfSight(places: readonly string[]): Promise<void> {
  const { bpfHere } = await import("core/host/bpf/here.ts");
  if (bpfHere(places) === undefined) return;
  const { netnsCookieOf } = await import("core/host/bpf/netns_view.ts");
  netnsCookieOf("/proc/thread-self/ns/net");
}

/**
 * Takes eBPF out of force here where rules are to be in its place, or nothing is; nobody need ask for that by a flag. A
 * node's programs that serve others alone stay.
 *
 * @param places as `ebpfPlaces` gives them
 */
export async function removeEbpfHere(
  places: readonly string[],
  dryRun: boolean,
): Promise<{ readonly changed: boolean; readonly changes: readonly HostChange[] }> {
  const changes: HostChange[] = [];
  let changed = false;
  for (const folder of places) {
    const { bpfHere } = await import("core/host/bpf/here.ts");
    if (bpfHere([folder]) === undefined) continue;
    const removed = await uninstallEbpf(folder, dryRun);
    changes.push(...removed.changes);
    changed ||= removed.changed;
  }
  return { changed, changes };
}

/** Both at once would redirect twice, and the proxy would not learn where connections were going. */
async function removeRules(logger: Logger, dryRun: boolean): Promise<readonly HostChange[]> {
  const { holdsOurIptables, lookAround } = await import("core/host/nftables/surroundings.ts");
  const around = lookAround();
  if (!around.ourTable && !holdsOurIptables(around)) return [];
  const { uninstallTransparentProxy } = await import("core/host/transparent_proxy/uninstall.ts");
  const { changes } = await uninstallTransparentProxy({ logger, ebpf: true, dryRun });
  if (!dryRun) logger.info("the firewall rules of an earlier run are gone");
  return changes;
}
