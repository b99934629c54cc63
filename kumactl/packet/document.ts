/**
 * What is told of a packet.
 *
 * @module
 */
import type { Probe } from "core/host/probe/probe.ts";
import type { Document } from "core/program/output.ts";
import type { ExplainedPacket, ExplainedStep } from "core/rules/explain.ts";

/** A setting and where it comes from. */
export interface DecidingSetting {
  readonly key: string;
  /** `default`, a flag, a variable, a file, an annotation. */
  readonly source: string;
}

/** One rule that the packet met. */
export interface PacketStep extends Omit<ExplainedStep, "settings"> {
  /** The settings that put it in, with the source of each. */
  readonly settings: readonly DecidingSetting[];
}

/** What becomes of a packet. */
export type PacketOutcome = Pick<ExplainedPacket, "outcome" | "port" | "zone">;

/** What `kumactl explain packet -o json` prints. */
export interface ExplainPacketDocument extends Document, Omit<ExplainedPacket, "steps"> {
  readonly schema: "kuma.io/kumactl-explain-packet/v1";
  /** The rules that it met, in their order. */
  readonly steps: readonly PacketStep[];
  /** The settings that decide; none where it is the same whatever they say. */
  readonly decidedBy: readonly DecidingSetting[];
  /** Where the settings come from, in words. */
  readonly settingsFrom: string;
  /** The rules that are there, where they were looked at; `steps` are of them then. */
  readonly there?: RulesThere;
  /** Where a real connection went. */
  readonly probe?: ProbeResult;
  /** What nobody said. */
  readonly assumed: readonly string[];
}

/** What a probe has shown. */
export interface ProbeResult extends Probe {
  /** Whether it went where the explanation says. */
  readonly asExplained: boolean;
}

/** What was found in a network namespace. */
export interface RulesThere {
  /** `this host`, or the path of the namespace. */
  readonly place: string;
  /** What holds rules of ours; empty for none. */
  readonly backends: readonly string[];
  /** What would become of the packet by the settings, where that is something else. */
  readonly wanted?: PacketOutcome;
  /** How the rules differ from the settings, one line each. */
  readonly differences: readonly string[];
  /** Rules of others that could not be followed. */
  readonly unread: readonly string[];
}
