/**
 * Rules of others that end a chain of nat before a packet comes to our jump in it: nothing of ours is wrong
 * then, and still nothing is intercepted.
 *
 * @module
 */
import { isOurChain, type Ownerships } from "./ownership.ts";
import type { Ruleset } from "./model.ts";
import { rulesOf, type SavedRule, type SavedState, type SavedTable } from "./saved.ts";

const HOOKS = ["PREROUTING", "OUTPUT"] as const;

/**
 * The rules as `iptables-save` lists them, such as `-A OUTPUT -p tcp -j ACCEPT`, each once. An ACCEPT counts
 * wherever the chain goes to ahead of our jump, a RETURN only in the chain itself.
 *
 * @param owners whose each rule of `saved` is
 * @param desired what is about to be put in: what it appends comes behind all that is there. Without it the
 *   places count that our jumps have.
 */
export function acceptsAhead(
  saved: SavedState,
  owners: Ownerships,
  desired?: Ruleset,
): string[] {
  const table = saved.tables.find(({ name }) => name === "nat");
  if (table === undefined) return [];
  const found = HOOKS.flatMap((chain) => {
    const rules = rulesOf(table, chain);
    return rules.slice(0, placeOfJump(rules, chain, desired))
      .filter((rule) => owners.get(rule) === "foreign")
      .flatMap((rule) => rule.target === "RETURN" ? [rule] : accepting(table, rule, new Set()));
  });
  return [...new Set(found.map(({ chain, text }) => `-A ${chain} ${text}`))];
}

/** How many rules a packet has passed when it comes to our jump; 0 where there is none. */
function placeOfJump(
  rules: readonly SavedRule[],
  chain: string,
  desired: Ruleset | undefined,
): number {
  if (desired === undefined) {
    return Math.max(0, rules.findIndex(({ target }) => isOurChain(target ?? "")));
  }
  const jump = desired.tables.find(({ name }) => name === "nat")?.rules
    .find((rule) =>
      rule.chain === chain && rule.target.kind === "jump" && isOurChain(rule.target.chain)
    );
  return jump === undefined || jump.insertAt !== undefined ? 0 : rules.length;
}

/** The ACCEPTs that a rule is, or leads to. */
function accepting(table: SavedTable, rule: SavedRule, seen: Set<string>): SavedRule[] {
  const { target } = rule;
  if (target === "ACCEPT") return [rule];
  if (target === undefined || seen.has(target)) return [];
  seen.add(target);
  return rulesOf(table, target).flatMap((next) => accepting(table, next, seen));
}
