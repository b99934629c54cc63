/**
 * The rules that are really there, as something that packets can be followed through.
 *
 * @module
 */
import { defaultConfig } from "core/proxy/config.ts";
import type { Family } from "core/proxy/resolved.ts";
import type { ExplainedPacket } from "core/rules/explain.ts";
import { explainIptables, explainNftables } from "core/rules/explain_found.ts";
import type { Ruleset } from "core/rules/model.ts";
import type { Packet } from "core/rules/packet.ts";
import { readFirewall } from "core/rules/read_saved.ts";
import { holdsOurs } from "../firewall/snapshot.ts";
import { ownTable } from "../nftables/table.ts";
import type { HostOptions } from "./options.ts";
import { openSession, patienceOf } from "./session.ts";
import { viewsOf } from "./programs.ts";

/** One firewall that holds rules of ours. */
export interface RulesHere {
  readonly backend: "nftables" | "iptables-nft" | "iptables-legacy";
  /** Rules of others in its tables that cannot be followed. */
  readonly unread: readonly string[];
  /** Follows a packet of the family; `wanted` has the comments of rules that have none. */
  explain(packet: Packet, wanted: readonly Ruleset[]): ExplainedPacket;
}

/**
 * Every firewall of the netns that the main thread is in that holds rules of ours for this family. Changes nothing.
 *
 * @throws {KumaError} `KUMA-TP-203`, `KUMA-TP-210` one is there and cannot be read.
 */
export async function rulesHere(family: Family, options: HostOptions = {}): Promise<RulesHere[]> {
  const views = viewsOf(openSession(options, patienceOf(defaultConfig()), true));
  const found: RulesHere[] = [];
  for (const flavour of ["nft", "legacy"] as const) {
    if (views.hasTables(family, flavour) === false) continue;
    const view = await views.get(family, flavour);
    if (typeof view === "string" || !holdsOurs(view.state)) continue;
    const { ruleset, unread } = readFirewall(family, view.state);
    found.push({
      backend: `iptables-${flavour}`,
      unread,
      explain: (packet, wanted) => explainIptables(ruleset, packet, wanted),
    });
  }
  const image = ownTable();
  if (image !== undefined) {
    found.push({
      backend: "nftables",
      unread: [],
      explain: (packet, wanted) => explainNftables(image, packet, wanted),
    });
  }
  return found;
}
