/**
 * Whose rule is it? Ours carries our comment, or stands in the journal of rules that were put in without
 * comments. A rule without either that stands in a chain of ours, or jumps to one, is a stranger: taking
 * the chain away would delete or break it in silence, so nothing is touched until a person decides.
 *
 * @module
 */
import { canonicalRule } from "./canonical.ts";
import { COMMENT_PREFIX, isOurChain, type Ruleset } from "./model.ts";
import type { SavedRule, SavedState, SavedTable } from "./saved.ts";

/** A rule that is known to be ours without a comment: what a journal keeps. */
export interface KnownRule {
  readonly table: string;
  readonly chain: string;
  readonly canonical: string;
}

/**
 * - `ours`: carries our comment or is known;
 * - `stranger`: not ours, but in or into a chain of ours;
 * - `foreign`: none of our business.
 */
export type Ownership = "ours" | "stranger" | "foreign";

/** Whose each listed rule is. */
export type Ownerships = ReadonlyMap<SavedRule, Ownership>;

/** All rules of `ruleset` as a journal keeps them. Throws KUMA-TP-101 as rendering does. */
export function knownRules(ruleset: Ruleset): KnownRule[] {
  return ruleset.tables.flatMap((table) =>
    table.rules.map((rule) => ({
      table: table.name,
      chain: rule.chain,
      canonical: canonicalRule(rule),
    }))
  );
}

/**
 * What may be taken for ours when `desired` is to be put in: the journal, and every desired rule that
 * stands in a chain of ours or jumps to one. Nobody else writes exactly these, so that a second run finds
 * the first one's rules even where comments are off and the journal is lost.
 *
 * Where no journal can be kept (`undefined`: a pod, a read-only container) and our chains are there, every
 * desired rule without a comment counts: an init container that is started again must not double its
 * rules for DNS.
 */
export function knownWith(
  journal: readonly KnownRule[] | undefined,
  desired: Ruleset | undefined,
  saved: SavedState,
): readonly KnownRule[] {
  if (desired === undefined) return journal ?? [];
  const again = journal === undefined &&
    saved.tables.some(({ chains }) => chains.some(({ name }) => isOurChain(name)));
  const silent: KnownRule[] = [];
  for (const { name: table, rules } of desired.tables) {
    for (const rule of rules) {
      if (rule.comment !== undefined) continue;
      const into = rule.target.kind === "jump" && isOurChain(rule.target.chain);
      if (!again && !into && !isOurChain(rule.chain)) continue;
      silent.push({ table, chain: rule.chain, canonical: canonicalRule(rule) });
    }
  }
  return [...journal ?? [], ...silent];
}

/** Tells for every rule of `state` whose it is; each known rule accounts for one listed rule. */
export function ownerships(state: SavedState, known: readonly KnownRule[]): Ownerships {
  const left = new Map<string, number>();
  for (const { table, chain, canonical } of known) {
    const key = `${table} ${chain} ${canonical}`;
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  const owners = new Map<SavedRule, Ownership>();
  for (const table of state.tables) {
    for (const rule of table.rules) owners.set(rule, ownership(table, rule, left));
  }
  return owners;
}

function ownership(table: SavedTable, rule: SavedRule, left: Map<string, number>): Ownership {
  if (rule.comment?.startsWith(COMMENT_PREFIX)) return "ours";
  const key = `${table.name} ${rule.chain} ${rule.canonical}`;
  const count = left.get(key) ?? 0;
  if (count > 0) {
    left.set(key, count - 1);
    return "ours";
  }
  const touches = isOurChain(rule.chain) || isOurChain(rule.target ?? "");
  return touches ? "stranger" : "foreign";
}
