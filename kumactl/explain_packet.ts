import { KumaError } from "core/errors.ts";
import { dnsServersOf } from "core/host/transparent_proxy/facts.ts";
import { lookUpUid, readPasswd } from "core/host/users.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { resolveConfig, sidecarUid } from "core/proxy/resolve.ts";
import type { Family, FamilyFacts, ResolvedConfig } from "core/proxy/resolved.ts";
import { buildRuleset } from "core/rules/build.ts";
import {
  describePacket,
  type ExplainedPacket,
  type ExplainedStep,
  explainPacket,
} from "core/rules/explain.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { loadConfiguration } from "./configuration.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import { LineLogger } from "./line_logger.ts";
import { packetOf } from "./packet.ts";
import { packetPicture } from "./packet_picture.ts";

/** What `-o json` prints. */
export interface ExplainPacketDocument extends Document, Omit<ExplainedPacket, "steps"> {
  readonly schema: "kuma.io/kumactl-explain-packet/v1";
  /** The rules that it met, in their order. */
  readonly steps: readonly PacketStep[];
}

/** One rule that the packet met. */
export interface PacketStep extends Omit<ExplainedStep, "settings"> {
  /** The settings that put it in, with the source of each. */
  readonly settings: readonly { readonly key: string; readonly source: string }[];
}

/** Linux calls it so in every network namespace; not looked up, so that the command works anywhere. */
const LOOPBACK = "lo";

/**
 * `kumactl explain packet`: which rule decides about a packet, and which setting put it in. It builds the
 * rules as `install transparent-proxy` would with the same flags, and changes nothing.
 */
export async function explainPacketCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const { flags } = parsed;
  const format = parsed.choice("output", [...FORMATS, "mermaid", "dot", "html"]);
  const logger = new LineLogger(io, true);
  const { config: document, provenance, warnings } = await loadConfiguration(flags, io);
  for (const warning of warnings) logger.warn(warning);
  const { packet, assumed } = packetOf(flags, { uid: Deno.uid() ?? 0, loopback: LOOPBACK });
  const { config, assumption } = resolved(document, (warning) => logger.warn(warning));
  const facts = fullFacts(config, packet.family, logger);
  const ruleset = buildRuleset(config, facts);
  const explained = explainPacket(ruleset, packet);
  const sourceOf = (key: string) => provenance.get(key) ?? "default";
  if (format === "json" || format === "yaml") {
    await printDocument(io, format, asDocument(explained, sourceOf));
  } else if (format !== "text") io.out(packetPicture(format, ruleset, explained));
  else {
    const notes = [...assumed, ...assumption, "the host can do all that the rules may need"];
    io.out(text(explained, { document, sourceOf, notes }));
  }
  return 0;
}

/** The configuration with comments, by which rules are known; without the user kuma-dp with its usual UID. */
function resolved(
  document: TransparentProxyConfig,
  warn: (warning: string) => void,
): { config: ResolvedConfig; assumption: string[] } {
  let uid: number;
  const assumption: string[] = [];
  try {
    uid = lookUpUid(document.kumaDPUser, readPasswd());
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    // A name that nobody has stays an error; a number can be explained without its user.
    uid = sidecarUid(document);
    assumption.push(`kuma-dp runs as user ${uid}, whom this host does not have`);
  }
  return { config: { ...resolveConfig(document, uid, warn), comments: true }, assumption };
}

function fullFacts(
  config: ResolvedConfig,
  family: Family,
  logger: LineLogger,
): FamilyFacts {
  return {
    family,
    loopback: LOOPBACK,
    dnsServers: dnsServersOf(config, family, logger),
    comments: true,
    conntrackZones: true,
    mangle: true,
    dockerOutput: false,
  };
}

interface Context {
  readonly document: TransparentProxyConfig;
  readonly sourceOf: (key: string) => string;
  readonly notes: readonly string[];
}

function text(explained: ExplainedPacket, { document, sourceOf, notes }: Context): string {
  const { packet, steps } = explained;
  const lines = [describePacket(packet), `  ${outcome(explained, document)}`, ""];
  if (steps.length === 0) lines.push("No rule of ours concerns it.");
  for (const [index, { table, chain, rule, why, settings }] of steps.entries()) {
    lines.push(`${index + 1}. ${table} ${chain}: ${why}`, `     ${rule}`);
    for (const key of settings) lines.push(`     ${key} (${sourceOf(key)})`);
  }
  lines.push("", `Assumed: ${notes.join("; ")}.`);
  return `${lines.join("\n")}\n`;
}

function outcome({ outcome, port, zone }: ExplainedPacket, { redirect }: TransparentProxyConfig) {
  const names: Record<number, string> = {
    [redirect.dns.port]: "the DNS proxy",
    [redirect.outbound.port]: "Envoy's outbound listener",
    [redirect.inbound.port]: "Envoy's inbound listener",
  };
  const inZone = zone === undefined ? "" : `, in conntrack zone ${zone}`;
  if (outcome === "dropped") return "is dropped";
  if (port === undefined) return `is left alone: it goes where it was sent${inZone}`;
  return `is redirected to port ${port}, ${names[port]}${inZone}`;
}

function asDocument(
  { steps, ...rest }: ExplainedPacket,
  sourceOf: (key: string) => string,
): ExplainPacketDocument {
  return {
    schema: "kuma.io/kumactl-explain-packet/v1",
    ...rest,
    steps: steps.map(({ settings, ...step }) => ({
      ...step,
      settings: settings.map((key) => ({ key, source: sourceOf(key) })),
    })),
  };
}
