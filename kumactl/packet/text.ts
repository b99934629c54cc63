/**
 * A packet in words.
 *
 * @module
 */
import { describePacket } from "core/rules/explain.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { legibleLine } from "core/text/legible.ts";
import { atMost } from "../at_most.ts";
import type { ExplainPacketDocument, PacketOutcome, ProbeResult, RulesThere } from "./document.ts";

/** The page: what becomes of it, what decides, each rule that it met, what is not as it was wanted. */
export function packetText(
  told: ExplainPacketDocument,
  document: TransparentProxyConfig,
  untouched: string | undefined,
): string {
  const { packet, steps, decidedBy, settingsFrom, there, assumed } = told;
  const lines = [
    describePacket(packet),
    `  ${outcomeText(told, document)}`,
    ...decidedBy.map(({ key, source }) => `  decided by ${key} (${source})`),
    "",
  ];
  if (untouched !== undefined) lines.push(`Nothing intercepts it: ${untouched}.`);
  else if (steps.length === 0) lines.push("No rule of ours concerns it.");
  for (const [index, { table, chain, rule, why, settings }] of steps.entries()) {
    lines.push(`${index + 1}. ${table} ${chain}: ${why}`, `     ${rule}`);
    for (const { key, source } of settings) lines.push(`     ${key} (${source})`);
  }
  if (told.probe !== undefined) lines.push("", probeText(told.probe));
  lines.push("", `Settings: ${settingsFrom}.`);
  if (there !== undefined) lines.push(...thereLines(there, document));
  if (assumed.length > 0) lines.push("", `Assumed: ${assumed.join("; ")}.`);
  return `${lines.map(legibleLine).join("\n")}\n`;
}

/** `Probe: redirected to 127.0.0.1:15001, as explained; accepted, user 5678 listens there.` */
function probeText({ went, to, zone, answer, listeners, asExplained }: ProbeResult): string {
  const where = to === undefined ? "" : ` to ${to.address}:${to.port}`;
  const inZone = zone === undefined || zone === 0 ? "" : `, in conntrack zone ${zone}`;
  const seen = {
    redirected: `redirected${where}${inZone}`,
    "left alone": `left alone${inZone}`,
    unseen: "conntrack has not seen it go anywhere",
  }[went];
  const users = listeners.map((uid) => `user ${uid}`).join(" and ");
  const who = listeners.length > 0
    ? `, ${users} listens there`
    : went === "redirected"
    ? ", nobody listens there"
    : "";
  return `Probe: ${seen}, ${
    asExplained ? "as explained" : "and NOT as explained"
  }; ${answer}${who}.`;
}

/** What a picture says beside the rules, a line each. */
export function remarkLines(
  { settingsFrom, there, probe, assumed }: ExplainPacketDocument,
  document: TransparentProxyConfig,
  untouched: string | undefined,
): string[] {
  return [
    ...untouched === undefined ? [] : [`Nothing intercepts it: ${untouched}.`],
    ...probe === undefined ? [] : [probeText(probe)],
    `Settings: ${settingsFrom}.`,
    ...there === undefined ? [] : thereLines(there, document).filter((line) => line !== ""),
    ...assumed.length === 0 ? [] : [`Assumed: ${assumed.join("; ")}.`],
  ].map(legibleLine);
}

function thereLines(there: RulesThere, document: TransparentProxyConfig): string[] {
  const { place, backends, wanted, differences, unread } = there;
  const lines = [
    backends.length === 0
      ? `Rules: none of ours is there (${place}).`
      : `Rules: those that are there (${place}, ${backends.join(", ")}).`,
  ];
  if (wanted !== undefined) {
    lines.push(`By the settings it ${outcomeText(wanted, document)}.`);
  }
  if (differences.length > 0) {
    lines.push(
      "",
      "The rules are not what the settings say:",
      ...atMost(differences).map((one) => `  ${one}`),
    );
  }
  if (unread.length > 0) {
    const heading = "These rules of others are not followed; they may catch it first:";
    lines.push("", heading, ...atMost(unread).map((one) => `  ${one}`));
  }
  return lines;
}

/** `is redirected to port 15001, Envoy's outbound listener`. */
export function outcomeText(
  { outcome, port, zone }: PacketOutcome,
  { redirect }: TransparentProxyConfig,
): string {
  const names: Record<number, string> = {
    [redirect.dns.port]: ", the DNS proxy",
    [redirect.outbound.port]: ", Envoy's outbound listener",
    [redirect.inbound.port]: ", Envoy's inbound listener",
  };
  const inZone = zone === undefined ? "" : `, in conntrack zone ${zone}`;
  if (outcome === "dropped") return "is dropped";
  if (port === undefined) return `is left alone: it goes where it was sent${inZone}`;
  return `is redirected to port ${port}${names[port] ?? ""}${inZone}`;
}
