/**
 * The status of the transparent proxy in words, 80 columns wide.
 *
 * @module
 */
import type { Listener } from "core/host/listeners.ts";
import { SETTINGS } from "core/proxy/options.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { CountedRule } from "core/rules/counted.ts";
import { legibleLine } from "core/text/legible.ts";
import { atMost } from "./at_most.ts";
import { timeText, type Told } from "./status_look.ts";

/** The page: state, what was installed, where traffic goes, who listens there, what differs. */
export function describeStatus(told: Told): string {
  const { status: { state, backends, differences, misfits, notes }, record, document } = told;
  const by = backends.length === 0 ? "" : ` (${backends.join(" and ")})`;
  const lines = [`Transparent proxy: ${state}${by}`];
  if (state === "absent") {
    lines.push("  No rule of ours is in this network namespace.");
    const done = record?.backend !== undefined;
    if (done) {
      lines.push(`  It was installed ${timeText(record.at)}: somebody has removed it since.`);
    }
    return end([...lines, ...persisted(told), ...listed("Beside:", [...misfits, ...notes])]);
  }
  lines.push(labelled("installed", installed(told)));
  const { inbound, outbound, dns } = document.redirect;
  lines.push(
    target("inbound", inbound.enabled, inbound.port, told),
    target("outbound", outbound.enabled, outbound.port, told),
    target("DNS", dns.enabled, dns.port, told),
    labelled("intercepted", counted(told)),
    ...persisted(told),
  );
  if (backends.length > 1 && !backends.includes("eBPF")) {
    lines.push(
      "",
      "Rules stand in iptables and in nftables: 'kumactl install' removes the old ones.",
    );
  }
  lines.push(...listed("The rules are not what was wanted:", differences));
  if (differences.length > 0) {
    lines.push("'kumactl install transparent-proxy' with the same settings puts it right.");
  }
  lines.push(...listed("They do not do what was wanted:", misfits));
  lines.push(...listed("Beside:", notes));
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

/** Every rule of ours with what it has matched; in table nat that is connections. */
export function describeRules({ status: { rules } }: Told): string {
  if (rules.length === 0) return "";
  return end(["", "Rules, and how often each has matched:", ...rules.map(ruleLine)]);
}

function ruleLine({ family, table, chain, rule, comment, count }: CountedRule): string {
  const matched = count === undefined ? "-" : String(count.packets);
  const place = [family, table, chain].filter((word) => word !== undefined).join(" ");
  const note = comment === undefined ? "" : `  # ${comment}`;
  return `  ${matched.padStart(8)}  ${legibleLine(`${place}: ${rule}${note}`)}`;
}

function installed({ record, compared }: Told): string {
  if (record === undefined) return "not known; compared with the settings given here";
  return `${timeText(record.at)} by kumactl ${record.version}` +
    (compared === "flags" ? ", compared with the settings given here" : "");
}

function target(name: string, enabled: boolean, port: number, told: Told): string {
  if (!enabled) return labelled(name, "not redirected");
  return labelled(name, `to port ${port}, ${listening(told.status.listeners, port)}`);
}

function listening(found: readonly Listener[], port: number): string {
  const uids = [...new Set(found.filter((one) => one.port === port).map(({ uid }) => uid))];
  if (uids.length === 0) return "where nobody listens";
  return `where ${uids.map((uid) => `user ${uid}`).join(" and ")} listens`;
}

function counted({ status: { intercepted } }: Told): string {
  if (intercepted === undefined) return "not counted by these rules";
  const { outbound, inbound, dns } = intercepted;
  const word = outbound === 1 ? "connection" : "connections";
  return `outbound ${outbound} ${word}, inbound ${inbound}, DNS ${dns}`;
}

function persisted({ persistence }: Told): string[] {
  if (persistence === undefined) return [];
  const { unit, enabled } = persistence;
  return [labelled("persisted", `${unit}, ${enabled ? "enabled" : "not enabled"}`)];
}

function labelled(name: string, text: string): string {
  return `  ${`${name}:`.padEnd(12)} ${text}`;
}

function listed(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ["", title, ...atMost(lines).map((line) => `  ${legibleLine(line)}`)];
}

function valueAt(document: TransparentProxyConfig, key: string): unknown {
  let at: unknown = document;
  for (const name of key.split(".")) at = (at as Record<string, unknown>)?.[name];
  return at ?? null;
}

function end(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
