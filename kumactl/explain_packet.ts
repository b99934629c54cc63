import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { printDocument } from "core/program/output.ts";
import { effectiveUserId } from "core/host/libc.ts";
import { LineLogger } from "./line_logger.ts";
import { decidingSettings } from "./packet/deciding.ts";
import { PACKET_FORMATS } from "./packet/definition.ts";
import type { DecidingSetting, ExplainPacketDocument } from "./packet/document.ts";
import { type Explained, explainedPacket, LOOPBACK } from "./packet/explained.ts";
import { packetOf } from "./packet/packet.ts";
import { type PacketSubject, packetSubject } from "./packet/subject.ts";
import { outcomeText, packetText, remarkLines } from "./packet/text.ts";

/** Exit code where a probe went another way than was explained. */
const ANOTHER_WAY = 3;

/**
 * `kumactl explain packet`: which rule decides about a packet, and which setting put it in: of this host, a network
 * namespace, a pod, or of settings that are given. Changes nothing.
 */
export async function explainPacketCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", PACKET_FORMATS);
  const logger = new LineLogger(io, true);
  const probes = parsed.on("probe");
  const defaults = { uid: effectiveUserId(), loopback: LOOPBACK };
  let asked = packetOf(parsed.flags, defaults);
  const subject = await packetSubject(parsed, io, logger);
  if (probes) {
    const { routeOfProbe } = await import("./packet/probing.ts");
    asked = packetOf(parsed.flags, { ...defaults, route: routeOfProbe(subject, asked.packet) });
  }
  const explained = await explainedPacket(subject, asked.packet, logger);
  let told = documentOf(subject, explained, asked.assumed);
  if (probes) {
    const { probed } = await import("./packet/probing.ts");
    const from = parsed.text("from") !== undefined;
    told = { ...told, probe: probed({ ...explained, uid: defaults.uid }, from) };
  }
  if (format === "json" || format === "yaml") await printDocument(io, format, told);
  else if (format === "text") io.out(packetText(told, subject.document, subject.untouched));
  else {
    const { packetPicture } = await import("./packet/picture.ts");
    const outcome = outcomeText(told, subject.document);
    const remarks = remarkLines(told, subject.document, subject.untouched);
    io.out(packetPicture(format, explained, { told, outcome, remarks }));
  }
  return told.probe?.asExplained === false ? ANOTHER_WAY : 0;
}

function documentOf(
  { from, document, provenance, known }: PacketSubject,
  { explained, there, assumed }: Explained,
  more: readonly string[],
): ExplainPacketDocument {
  const unknown = known ? "default" : "not known; this is its default";
  const sourced = (keys: readonly string[]): DecidingSetting[] =>
    keys.map((key) => ({ key, source: provenance.get(key) ?? unknown }));
  const { steps, ...rest } = explained;
  return {
    schema: "kuma.io/kumactl-explain-packet/v1",
    ...rest,
    steps: steps.map(({ settings, ...step }) => ({ ...step, settings: sourced(settings) })),
    decidedBy: sourced(decidingSettings(explained, document)),
    settingsFrom: from,
    ...there === undefined ? {} : { there },
    assumed: [...more, ...assumed],
  };
}
