/**
 * Rules of others that a packet meets before ours: nothing of ours is wrong then, and still what they match is not
 * intercepted.
 *
 * @module
 */
import type { Ownerships } from "./ownership.ts";
import { isOurChain, type Ruleset } from "./model.ts";
import { rulesOf, type SavedRule, type SavedState, type SavedTable } from "./saved.ts";
import { splitWords } from "./words.ts";

/** A rule of others that comes first. */
export interface RuleAhead {
  /** Where it stands: `table nat`, `table inet theirs, chain out`. */
  readonly place: string;
  /** As a listing has it: `-A OUTPUT -p tcp -j ACCEPT`. */
  readonly rule: string;
  /** What it does: `ACCEPT`, `RETURN`, `REDIRECT`, `DROP`, … */
  readonly verdict: string;
  /** Whether what it matches passes our proxy by. What is dropped, or rewritten to another host, goes nowhere unseen. */
  readonly bypasses: boolean;
}

const HOOKS = ["PREROUTING", "OUTPUT"] as const;
/** Tables whose chains run before those of nat, in both hooks (enum nf_ip_hook_priorities). */
const EARLIER = ["raw", "mangle"] as const;

/** By target, whether it makes packets pass ours by; what is not here lets them go on. */
const IN_NAT: ReadonlyMap<string, boolean> = new Map([
  ["ACCEPT", true],
  ["REDIRECT", true],
  ["DNAT", false],
  ["NETMAP", false],
  ["DROP", false],
  ["QUEUE", false],
  ["NFQUEUE", false],
]);
/** {@linkcode IN_NAT} for chains that run earlier: an ACCEPT there ends nothing but its own table. */
export const BEFORE_NAT: ReadonlyMap<string, boolean> = new Map([
  // Untracked packets never come to table nat.
  ["NOTRACK", true],
  ["TPROXY", true],
  ["DROP", false],
  ["QUEUE", false],
  ["NFQUEUE", false],
]);

/** Where our rules are, or will be. */
export type OurPlace =
  /** Where our jumps stand. */
  | "found"
  /** Behind all that is there: they are of another flavour or backend, and nobody tells which was first. */
  | "behind"
  /** About to be put in. */
  | Ruleset;

/**
 * The rules that come first, each once. A verdict counts wherever a chain goes to ahead of our jump, a RETURN only in
 * the chain itself.
 *
 * @param owners whose each rule of `saved` is
 */
export function rulesAhead(
  saved: SavedState,
  owners: Ownerships,
  ours: OurPlace = "found",
): RuleAhead[] {
  const nat = saved.tables.find(({ name }) => name === "nat");
  const found: RuleAhead[] = [];
  for (const hook of HOOKS) {
    const rules = rulesOf(nat, hook);
    const place = placeOfJump(rules, hook, ours);
    if (place === undefined) continue;
    for (const name of EARLIER) {
      const table = saved.tables.find((one) => one.name === name);
      if (table !== undefined) found.push(...ahead(table, hook, rulesOf(table, hook), owners));
    }
    if (nat !== undefined) found.push(...ahead(nat, hook, rules.slice(0, place), owners));
  }
  const byRule = new Map(found.map((one) => [`${one.place} ${one.rule}`, one]));
  return [...byRule.values()];
}

/** How many rules a packet has passed when it comes to our jump; undefined where it never does. */
function placeOfJump(
  rules: readonly SavedRule[],
  hook: string,
  ours: OurPlace,
): number | undefined {
  if (ours === "behind") return rules.length;
  if (ours === "found") {
    const at = rules.findIndex(({ target }) => isOurChain(target ?? ""));
    return at < 0 ? undefined : at;
  }
  const jump = ours.tables.find(({ name }) => name === "nat")?.rules
    .find((rule) =>
      rule.chain === hook && rule.target.kind === "jump" && isOurChain(rule.target.chain)
    );
  if (jump === undefined) return undefined;
  return jump.insertAt === undefined ? rules.length : 0;
}

function ahead(
  table: SavedTable,
  hook: string,
  rules: readonly SavedRule[],
  owners: Ownerships,
): RuleAhead[] {
  const place = `table ${table.name}`;
  const verdicts = table.name === "nat" ? IN_NAT : BEFORE_NAT;
  const found = rules.filter((rule) => owners.get(rule) === "foreign").flatMap((rule) =>
    table.name === "nat" && rule.target === "RETURN"
      ? [{ rule, verdict: "RETURN", bypasses: true }]
      : ending({ table, verdicts }, rule, new Set())
  ).map(({ rule, ...rest }) => ({ place, rule: `-A ${rule.chain} ${rule.text}`, ...rest }));
  const policy = table.chains.find(({ name }) => name === hook)?.policy;
  if (policy !== "DROP") return found;
  return [...found, { place, rule: `-P ${hook} DROP`, verdict: "DROP", bypasses: false }];
}

/** The rules with a verdict that this one is, or leads to. */
function ending(
  { table, verdicts }: { table: SavedTable; verdicts: ReadonlyMap<string, boolean> },
  rule: SavedRule,
  seen: Set<string>,
): { rule: SavedRule; verdict: string; bypasses: boolean }[] {
  const target = rule.target === "CT" && splitWords(rule.text).includes("--notrack")
    ? "NOTRACK"
    : rule.target;
  if (target === undefined) return [];
  const bypasses = verdicts.get(target);
  if (bypasses !== undefined) return [{ rule, verdict: target, bypasses }];
  if (seen.has(target)) return [];
  seen.add(target);
  return rulesOf(table, target).flatMap((next) => ending({ table, verdicts }, next, seen));
}
