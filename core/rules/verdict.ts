/**
 * What our rules do with a packet, without a kernel: a pure model of iptables for the matches and targets that
 * we write. Tests hold the kernel itself against it.
 *
 * Rules of others are not in the model. What depends on conntrack's state (`INVALID`) is taken for untrue: the
 * first packet of a connection is never invalid.
 *
 * @module
 */
import { prefixBytes } from "./address.ts";
import type { Match, Rule, Ruleset, Table, TableName } from "./model.ts";
import type { Packet, Verdict } from "./packet.ts";

/** A rule that a packet matched on its way, with its table. */
export interface PacketStep {
  readonly table: TableName;
  readonly rule: Rule;
}

/** A verdict, with the rules that led to it. */
export interface Explained extends Verdict {
  readonly steps: readonly PacketStep[];
}

/** What `ruleset` does with `packet`; nothing where it is of the other family. */
export function verdictOf(ruleset: Ruleset, packet: Packet): Explained {
  const steps: PacketStep[] = [];
  const verdict: { redirect?: number; zone?: number } = {};
  if (ruleset.family === packet.family) {
    for (const table of ruleset.tables) {
      const chain = packet.hook === "prerouting" ? "PREROUTING" : "OUTPUT";
      walk(table, chain, packet, verdict, steps);
    }
  }
  return { redirect: verdict.redirect, zone: verdict.zone, steps };
}

/** Whether the packet's way ended in this chain. */
function walk(
  table: Table,
  chain: string,
  packet: Packet,
  verdict: { redirect?: number; zone?: number },
  steps: PacketStep[],
): boolean {
  for (const rule of inOrder(table.rules.filter((rule) => rule.chain === chain))) {
    if (!rule.matches.every((match) => matches(match, packet))) continue;
    steps.push({ table: table.name, rule });
    const { target } = rule;
    switch (target.kind) {
      case "return":
        return false;
      case "jump":
        // A chain of others that only Docker has: its rules send DNS to Docker's own server.
        if (!table.chains.includes(target.chain)) return true;
        if (walk(table, target.chain, packet, verdict, steps)) return true;
        break;
      case "redirect":
        verdict.redirect = target.port;
        return true;
      case "zone":
        // A packet that has its zone keeps it (net/netfilter/xt_CT.c).
        verdict.zone ??= target.zone;
        break;
      case "drop":
        return true;
      case "log":
        break;
    }
  }
  return false;
}

/** Inserted rules by their position, then the appended ones. */
function inOrder(rules: readonly Rule[]): Rule[] {
  const inserted = rules.filter(({ insertAt }) => insertAt !== undefined)
    .sort((a, b) => (a.insertAt ?? 0) - (b.insertAt ?? 0));
  return [...inserted, ...rules.filter(({ insertAt }) => insertAt === undefined)];
}

/** Whether one match holds for the packet. */
export function matches(match: Match, packet: Packet): boolean {
  const not = "not" in match && match.not === true;
  switch (match.kind) {
    case "module":
      return true;
    case "protocol":
      return match.protocol === packet.protocol;
    case "source":
      return within(packet.source, match.address) !== not;
    case "destination":
      return within(packet.destination, match.address) !== not;
    case "inInterface":
      return (packet.hook === "prerouting" && named(packet.iface, match.name)) !== not;
    case "outInterface":
      return (packet.hook === "output" && named(packet.iface, match.name)) !== not;
    case "sourcePort":
      return (packet.sourcePort === match.port) !== not;
    case "destinationPort":
      return (packet.destinationPort === match.port) !== not;
    case "destinationPorts":
      return match.ports.some(({ from, to }) =>
        from <= packet.destinationPort && packet.destinationPort <= to
      );
    case "uidOwner": {
      const { uids: { from, to } } = match;
      const { uid } = packet;
      return (uid !== undefined && from <= uid && uid <= to) !== not;
    }
    case "ctState":
      return false;
  }
}

function within(address: string, prefix: string): boolean {
  const network = prefixBytes(prefix);
  const masked = prefixBytes(`${address}/${network?.bits}`);
  return network !== undefined && masked?.bytes.join() === network.bytes.join();
}

function named(iface: string, pattern: string): boolean {
  return pattern.endsWith("+") ? iface.startsWith(pattern.slice(0, -1)) : iface === pattern;
}
