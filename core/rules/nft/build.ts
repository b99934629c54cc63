/**
 * From the iptables rulesets of one or both families to the one table of nftables.
 *
 * @module
 */
import type { Ruleset } from "../model.ts";
import { familyChains } from "./family_chains.ts";
import { groupRules } from "./group.ts";
import { mergeRules } from "./merge.ts";
import type { NftChain, NftElement, NftSet, NftSetType, NftTable } from "./model.ts";

const SET_NAME: Readonly<Record<NftSetType, string>> = {
  port: "ports",
  ipv4: "ipv4-addresses",
  ipv6: "ipv6-addresses",
  uid: "uids",
};

/**
 * The table that does what `rulesets` do in iptables, at most one ruleset a family. Pure.
 *
 * Where it differs from iptables, because base chains of nftables do not end each other: traffic that an
 * exclusion leaves alone still passes the NAT rules of others, and an ACCEPT of theirs does not end ours.
 *
 * @throws KumaError KUMA-TP-101 where a value cannot stand in a rule.
 */
export function buildNftTable(rulesets: readonly Ruleset[]): NftTable {
  const sets = new Sets();
  const families = rulesets.map((ruleset) =>
    familyChains(ruleset).map((chain) => ({
      ...chain,
      rules: groupRules(chain.rules, (type, elements) => sets.name(type, elements)),
    }))
  );
  const byName = Map.groupBy(families.flat(), (chain) => chain.name);
  const alone = rulesets.length === 1;
  const chains = [...byName.values()].map((same): NftChain => {
    const [a, b] = same;
    if (a === undefined) throw new TypeError("a group has at least one member");
    const rules = mergeRules(a.rules, b?.rules ?? []);
    // With one family alone, a chain of ours is reached by packets of that family alone.
    const guarded = alone && a.base === undefined
      ? rules.map(({ family, ...rule }) =>
        needsFamily(rule.matches) && family ? { family, ...rule } : rule
      )
      : rules;
    return { ...a, rules: guarded };
  });
  const base = chains.filter((chain) => chain.base !== undefined);
  // What a chain jumps to is written before it: nft reads its text from top to bottom.
  const own = chains.filter((chain) => chain.base === undefined).reverse();
  return { sets: sets.all, chains: [...own, ...base] };
}

function needsFamily(matches: NftChain["rules"][number]["matches"]): boolean {
  return matches.some(({ kind }) => kind === "address");
}

class Sets {
  readonly #sets = new Map<string, NftSet>();

  get all(): NftSet[] {
    return [...this.#sets.values()];
  }

  name(type: NftSetType, elements: readonly NftElement[]): string {
    const key = JSON.stringify([type, elements]);
    let set = this.#sets.get(key);
    if (set === undefined) {
      const number = this.all.filter((other) => other.type === type).length + 1;
      // UIDs in the byte order of the machine have no order: their sets are always of the other kind.
      const interval = type === "uid" || elements.some(({ from, to }) => from !== to);
      set = { name: `${SET_NAME[type]}-${number}`, type, interval, elements };
      this.#sets.set(key, set);
    }
    return set.name;
  }
}
