/**
 * Rules of others that packets meet before ours, and that stand in no table with ours: those of nftables' own tables,
 * and of the other flavour of iptables. Only looks.
 *
 * @module
 */
import { FAMILIES, type ResolvedConfig } from "core/proxy/resolved.ts";
import type { RuleAhead } from "core/rules/ahead.ts";
import type { OurPriorities } from "core/rules/nft/ahead.ts";
import { PRIORITY } from "core/rules/nft/family_chains.ts";
import type { Flavour } from "../firewall/version.ts";
import { isIptables, type Surroundings } from "../nftables/surroundings.ts";
import type { Session } from "./session.ts";

/** Priority of the chains of iptables' nat (`NF_IP_PRI_NAT_DST`). */
const NAT_DST = -100;

/** Where our rules are. */
export interface OurHome {
  readonly priorities: OurPriorities;
  /** The flavour of iptables that holds them; undefined for nftables itself. */
  readonly flavour: Flavour | undefined;
}

/** Where the rules of `config` are once they are in. */
export function homeOf(
  { backend, flavour }: {
    readonly backend: "nftables" | "iptables";
    readonly flavour: Flavour | undefined;
  },
  { inbound, outbound }: ResolvedConfig,
): OurHome {
  const at = (inserted: boolean): number =>
    backend === "iptables" ? NAT_DST : inserted ? PRIORITY.natFirst : PRIORITY.natLast;
  const priorities = { prerouting: at(inbound.insertJump), output: at(outbound.insertJump) };
  return { priorities, flavour };
}

/** What others have in front of us, and what of it could not be looked at, in words. */
export interface OthersAhead {
  readonly ahead: readonly RuleAhead[];
  readonly unseen: readonly string[];
}

/**
 * Looks.
 *
 * @throws {KumaError} `KUMA-TP-210`, `-203` where there is something, and nobody tells what.
 */
export async function othersAhead(
  around: Surroundings,
  { priorities, flavour }: OurHome,
  session: Session,
): Promise<OthersAhead> {
  const ahead: RuleAhead[] = [];
  const unseen: string[] = [];
  // Where `iptables-save` has listed the tables of iptables-nft, there is often no other.
  const others = (around.chains ?? []).filter((chain) => flavour !== "nft" || !isIptables(chain));
  if (others.length > 0) {
    const { nftablesAhead } = await import("../nftables/ahead.ts");
    ahead.push(...nftablesAhead(priorities, flavour !== "nft"));
  }
  if (flavour === "legacy") return { ahead, unseen };
  for (const family of FAMILIES) {
    if (!around.legacy.some((table) => table.startsWith(family))) continue;
    const { viewsOf } = await import("./programs.ts");
    const view = await viewsOf(session).get(family, "legacy");
    const { rulesAhead } = await import("core/rules/ahead.ts");
    const { ownerships } = await import("core/rules/ownership.ts");
    if (typeof view === "string") {
      unseen.push(`whether rules of iptables-legacy come before ours cannot be seen: ${view}`);
    } else ahead.push(...rulesAhead(view.state, ownerships(view.state, []), "behind"));
  }
  return { ahead, unseen };
}
