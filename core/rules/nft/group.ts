/**
 * Many rules that differ in one value become one rule with a set.
 *
 * @module
 */
import { addressElement, disjoint, KEY_LENGTH, numberElement } from "./elements.ts";
import type { NftElement, NftMatch, NftRule, NftSetType } from "./model.ts";

/** Gives a set with these elements a name: always the same for the same elements. */
export type NameSet = (type: NftSetType, elements: readonly NftElement[]) => string;

type Single = NftMatch & { readonly value: { readonly one: unknown } };

/** In which value rules may differ, in this order: what is grouped first can be grouped again. */
const DIMENSIONS: readonly ((match: NftMatch) => match is Single)[] = [
  (match): match is Single => isSingle(match) && match.kind === "port",
  (match): match is Single =>
    isSingle(match) && match.kind === "address" && match.side === "destination",
  (match): match is Single =>
    isSingle(match) && match.kind === "address" && match.side === "source",
  (match): match is Single => isSingle(match) && match.kind === "uid",
];

/**
 * The same rules with sets. Only neighbours that send packets to the same place are put together: among
 * these the order does not matter, and doing twice what they do is the same as doing it once.
 */
export function groupRules(rules: readonly NftRule[], name: NameSet): NftRule[] {
  const grouped: NftRule[] = [];
  let run: NftRule[] = [];
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i], next = rules[i + 1];
    if (rule === undefined) continue;
    run.push(rule);
    if (next !== undefined && goTogether(rule, next)) continue;
    // Most stand alone, and each pod that starts waits for this.
    if (run.length === 1) grouped.push(rule);
    else grouped.push(...groupAll(run, name));
    run = [];
  }
  return grouped;
}

function goTogether(a: NftRule, b: NftRule): boolean {
  return a.comment === b.comment && a.target.kind !== "log" &&
    JSON.stringify(a.target) === JSON.stringify(b.target);
}

function groupAll(rules: readonly NftRule[], name: NameSet): readonly NftRule[] {
  // By their text, so that what is said twice is written once.
  const all = [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
  if (all.length === 1) return all;
  return DIMENSIONS.reduce<readonly NftRule[]>((rest, pick) => groupRun(rest, pick, name), all);
}

function groupRun(
  rules: readonly NftRule[],
  pick: (match: NftMatch) => match is Single,
  name: NameSet,
): readonly NftRule[] {
  const groups = Map.groupBy(rules, (rule) => {
    const at = rule.matches.findIndex(pick);
    const rest = rule.matches.map((match, i) => i === at ? { ...match, value: null } : match);
    return JSON.stringify([at, rule.family, rest]);
  });
  return [...groups.values()].flatMap((group) => {
    const [rule] = group;
    const at = rule?.matches.findIndex(pick) ?? -1;
    const match = rule?.matches[at];
    if (rule === undefined || match === undefined || group.length === 1) return group;
    if (at < 0) return [rule];
    const elements = disjoint(group.map((one) => elementOf(one.matches[at])));
    const value = { set: name(typeOf(rule, match), elements) };
    return [{ ...rule, matches: rule.matches.with(at, { ...match, value } as NftMatch) }];
  });
}

function isSingle(match: NftMatch): boolean {
  return "value" in match && "one" in match.value && match.not !== true;
}

function typeOf({ family = "ipv4" }: NftRule, { kind }: NftMatch): NftSetType {
  return kind === "address" ? family : kind === "uid" ? "uid" : "port";
}

function elementOf(match: NftMatch | undefined): NftElement {
  if (match === undefined || !("value" in match) || !("one" in match.value)) {
    throw new TypeError("only a single value becomes an element");
  }
  const { one } = match.value;
  return typeof one === "string"
    ? addressElement(one)
    : numberElement(one, KEY_LENGTH[match.kind === "uid" ? "uid" : "port"]);
}
