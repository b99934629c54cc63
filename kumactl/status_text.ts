/**
 * The status of the transparent proxy in words, 80 columns wide.
 *
 * @module
 */
import type { Listener } from "core/host/listeners.ts";
import { SETTINGS } from "core/proxy/options.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Told } from "./status_look.ts";

/** The page: state, what was installed, where traffic goes, who listens there, what differs. */
export function describeStatus(told: Told): string {
  const { status: { state, backends, differences }, record, document } = told;
  const by = backends.length === 0 ? "" : ` (${backends.join(" and ")})`;
  const lines = [`Transparent proxy: ${state}${by}`];
  if (state === "absent") {
    lines.push("  No rule of ours is in this network namespace.");
    if (record !== undefined) {
      lines.push(`  It was installed ${when(record.at)}: somebody has removed it since.`);
    }
    return end(lines);
  }
  lines.push(
    record === undefined
      ? "  installed: not known; compared with the settings given here"
      : `  installed: ${when(record.at)} by kumactl ${record.version}` +
        (told.compared === "flags" ? ", compared with the settings given here" : ""),
  );
  const { inbound, outbound, dns } = document.redirect;
  lines.push(
    target("inbound", inbound.enabled, inbound.port, told),
    target("outbound", outbound.enabled, outbound.port, told),
    target("DNS", dns.enabled, dns.port, told),
  );
  if (backends.length > 1 && !backends.includes("eBPF")) {
    lines.push(
      "",
      "Rules stand in iptables and in nftables: 'kumactl install' removes the old ones.",
    );
  }
  if (differences.length > 0) {
    lines.push("", "It is not what was wanted:", ...differences.map((line) => `  ${line}`));
    lines.push("", "'kumactl install transparent-proxy' with the same settings puts it right.");
  }
  return end(lines);
}

/** Every setting with its value and where it comes from. */
export function describeConfig({ document, sources }: Told): string {
  const lines = SETTINGS.map(({ key }) => {
    const value = JSON.stringify(valueAt(document, key));
    return `  ${key}: ${value}  # ${sources[key] ?? "default"}`;
  });
  return end(["", "Settings:", ...lines]);
}

function target(name: string, enabled: boolean, port: number, told: Told): string {
  const label = `  ${`${name}:`.padEnd(10)}`;
  if (!enabled) return `${label} not redirected`;
  return `${label} to port ${port}, ${listening(told.status.listeners, port)}`;
}

function listening(found: readonly Listener[], port: number): string {
  const uids = [...new Set(found.filter((one) => one.port === port).map(({ uid }) => uid))];
  if (uids.length === 0) return "where nobody listens";
  return `where ${uids.map((uid) => `user ${uid}`).join(" and ")} listens`;
}

function when(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

function valueAt(document: TransparentProxyConfig, key: string): unknown {
  let at: unknown = document;
  for (const name of key.split(".")) at = (at as Record<string, unknown>)?.[name];
  return at ?? null;
}

function end(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
