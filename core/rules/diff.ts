/**
 * What lies between the rules as they should be and the firewall as it is: nothing, or named differences.
 *
 * @module
 */
import { canonicalRule } from "./canonical.ts";
import { isOurChain, type Rule, type Ruleset, type Table } from "./model.ts";
import { type KnownRule, knownWith, type Ownerships, ownerships } from "./ownership.ts";
import { renderRuleSpec } from "./render.ts";
import type { SavedRule, SavedState, SavedTable } from "./saved.ts";

/** One difference. */
export interface Difference {
  /**
   * - `missing`: should be there and is not;
   * - `unexpected`: ours, and should not be there;
   * - `foreign`: somebody else's rule in, or into, a chain of ours;
   * - `order`: there, but not where it should be.
   */
  readonly kind: "missing" | "unexpected" | "foreign" | "order";
  readonly table: string;
  readonly chain: string;
  /** The rule without its chain; absent where the whole chain is meant. */
  readonly rule?: string;
}

/** What {@linkcode compare} may be told. */
export interface CompareOptions {
  /** Rules that are ours though they carry no comment. */
  readonly known?: readonly KnownRule[] | undefined;
}

/**
 * All differences between `desired` (undefined: no rule of ours at all) and `saved`; none means unchanged.
 * The rules of each chain must be the desired ones in their order, inserted ones ahead of everything
 * else, appended ones anywhere after. Rules of others elsewhere do not matter.
 *
 * @throws KumaError KUMA-TP-101 where a desired rule cannot be written.
 */
export function compare(
  desired: Ruleset | undefined,
  saved: SavedState,
  options: CompareOptions = {},
): Difference[] {
  const owners = ownerships(saved, knownWith(options.known, desired, saved));
  return tablePairs(desired, saved).flatMap(({ wanted, found }) =>
    compareTable(wanted, found, owners)
  );
}

/** Desired and listed tables side by side: the desired ones first, in their order. */
export function tablePairs(
  desired: Ruleset | undefined,
  saved: SavedState,
): { name: string; wanted: Table | undefined; found: SavedTable | undefined }[] {
  const wanted = new Map((desired?.tables ?? []).map((table) => [table.name as string, table]));
  const found = new Map(saved.tables.map((table) => [table.name, table]));
  return [...new Set([...wanted.keys(), ...found.keys()])].map((name) => ({
    name,
    wanted: wanted.get(name),
    found: found.get(name),
  }));
}

/** Whether {@linkcode compareTable} finds anything; told at once for a table that is not there. */
export function tableDiffers(
  wanted: Table | undefined,
  found: SavedTable | undefined,
  owners: Ownerships,
): boolean {
  if (found === undefined) {
    return wanted !== undefined && wanted.chains.length + wanted.rules.length > 0;
  }
  return compareTable(wanted, found, owners).length > 0;
}

/** {@linkcode compare} for one table. */
function compareTable(
  wanted: Table | undefined,
  found: SavedTable | undefined,
  owners: Ownerships,
): Difference[] {
  const table = wanted?.name ?? found?.name ?? "";
  const wantedChains = wanted?.chains ?? [];
  const foundChains = found?.chains.map((chain) => chain.name) ?? [];
  const differences: Difference[] = [];
  for (const chain of wantedChains) {
    if (!foundChains.includes(chain)) differences.push({ kind: "missing", table, chain });
  }
  for (const chain of foundChains) {
    const extra = isOurChain(chain) && !wantedChains.includes(chain);
    if (extra) differences.push({ kind: "unexpected", table, chain });
  }
  const wantedRules = Map.groupBy(wanted?.rules ?? [], (rule) => rule.chain);
  // A node may list ten thousand chains of others: they are grouped once, not searched for each.
  const foundRules = Map.groupBy(found?.rules ?? [], (rule) => rule.chain);
  for (const chain of new Set([...wantedRules.keys(), ...foundRules.keys()])) {
    const rules = effectiveOrder(wantedRules.get(chain) ?? []);
    const listed = foundRules.get(chain) ?? [];
    differences.push(...compareChain({ table, chain }, rules, listed, owners));
  }
  return differences;
}

/** Inserted rules by their position, then the appended ones: how they stand once all are in. */
function effectiveOrder(rules: readonly Rule[]): Rule[] {
  const inserts = rules.filter((rule) => rule.insertAt !== undefined)
    .sort((a, b) => (a.insertAt ?? 0) - (b.insertAt ?? 0));
  return [...inserts, ...rules.filter((rule) => rule.insertAt === undefined)];
}

function compareChain(
  place: { table: string; chain: string },
  wanted: readonly Rule[],
  found: readonly SavedRule[],
  owners: Ownerships,
): Difference[] {
  const ours = found.filter((rule) => owners.get(rule) === "ours");
  const strangers = found.filter((rule) => owners.get(rule) === "stranger")
    .map(({ text }): Difference => ({ kind: "foreign", ...place, rule: text }));
  // Without a rule of ours nothing is compared: so for each pod that is new.
  const forms = ours.length === 0 ? [] : wanted.map(canonicalRule);
  const left = new Map<string, SavedRule[]>();
  for (const rule of ours) {
    const same = left.get(rule.canonical);
    if (same === undefined) left.set(rule.canonical, [rule]);
    else same.push(rule);
  }
  const missing = wanted.filter((_, i) => left.get(forms[i] ?? "")?.shift() === undefined)
    .map((rule): Difference => ({ kind: "missing", ...place, rule: renderRuleSpec(rule) }));
  const unexpected = [...left.values()].flat()
    .map(({ text }): Difference => ({ kind: "unexpected", ...place, rule: text }));
  const different = [...strangers, ...missing, ...unexpected];
  return missing.length + unexpected.length > 0
    ? different
    : [...different, ...orderDifference(place, wanted, forms, found, ours)];
}

/** At most one: the first of our rules that does not stand where it should. */
function orderDifference(
  place: { table: string; chain: string },
  wanted: readonly Rule[],
  forms: readonly string[],
  found: readonly SavedRule[],
  ours: readonly SavedRule[],
): Difference[] {
  const wrong = ours.find((rule, i) =>
    rule.canonical !== forms[i] || (wanted[i]?.insertAt !== undefined && found[i] !== rule)
  );
  return wrong === undefined ? [] : [{ kind: "order", ...place, rule: wrong.text }];
}

/** One line for a person: `table nat, chain OUTPUT: rule is missing: -p tcp -j KUMA_MESH_OUTBOUND`. */
export function describeDifference({ kind, table, chain, rule }: Difference): string {
  const what = {
    missing: "is missing",
    unexpected: "should not be there",
    foreign: "is not ours",
    order: "is out of order",
  }[kind];
  const place = `table ${table}, chain ${chain}`;
  return rule === undefined ? `${place}: the chain ${what}` : `${place}: a rule ${what}: ${rule}`;
}
