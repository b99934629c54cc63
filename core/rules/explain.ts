/**
 * Why a packet goes where it goes: the rules that it met, in words, with the settings that put them in. A
 * reading of the same rules that are installed, never a second implementation of them.
 *
 * @module
 */
import type { Ruleset } from "./model.ts";
import type { Packet } from "./packet.ts";
import { REASONS } from "./reasons.ts";
import { renderRuleSpec } from "./render.ts";
import { verdictOf } from "./verdict.ts";

/** One rule that the packet met. */
export interface ExplainedStep {
  /** `nat` of iptables, or `inet kuma-mesh` of nftables. */
  readonly table: string;
  readonly chain: string;
  /** The rule as `iptables` takes it, without its chain and comment. */
  readonly rule: string;
  /** What the rule is for. */
  readonly why: string;
  /** Keys of the settings that put it in; none where it is always there. */
  readonly settings: readonly string[];
}

/** What becomes of a packet, and why. */
export interface ExplainedPacket {
  readonly packet: Packet;
  readonly outcome: "redirected" | "dropped" | "left alone";
  /** Port on this host that it is redirected to. */
  readonly port: number | undefined;
  /** Conntrack zone that it is put into. */
  readonly zone: number | undefined;
  readonly steps: readonly ExplainedStep[];
}

/**
 * Explains what `ruleset`, which must carry its comments, does with a packet of its family.
 *
 * @throws TypeError where a rule has no comment or one without a reason: a ruleset that was not built here.
 */
export function explainPacket(ruleset: Ruleset, packet: Packet): ExplainedPacket {
  const { redirect, zone, steps } = verdictOf(ruleset, packet);
  const dropped = steps.at(-1)?.rule.target.kind === "drop";
  return {
    packet,
    outcome: dropped ? "dropped" : redirect === undefined ? "left alone" : "redirected",
    port: redirect,
    zone,
    steps: steps.map(({ table, rule }) => {
      const { comment = "", ...silent } = rule;
      const settings = REASONS[comment];
      if (settings === undefined) throw new TypeError(`a rule without a reason: "${comment}"`);
      return { table, chain: rule.chain, rule: renderRuleSpec(silent), why: comment, settings };
    }),
  };
}

/** `from 127.0.0.1:40000 to [::1]:443, TCP` and so on: the packet itself, for a person. */
export function describePacket(packet: Packet): string {
  const { hook, protocol, source, destination, sourcePort, destinationPort, iface, uid } = packet;
  const name = protocol.toUpperCase();
  const from = endpoint(source, sourcePort), to = endpoint(destination, destinationPort);
  return hook === "prerouting"
    ? `${name} from ${from} to ${to}, arriving by ${iface}`
    : `${name} of ${uid === undefined ? "the kernel" : `user ${uid}`} from ${from} to ${to}, ` +
      `leaving by ${iface}`;
}

function endpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
