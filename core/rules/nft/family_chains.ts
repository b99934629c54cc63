/**
 * One family's iptables rules as chains of nftables, rule by rule.
 *
 * @module
 */
import type { Family } from "../../proxy/resolved.ts";
import { checkComment } from "../grammar.ts";
import {
  COMMENT_PREFIX,
  type Match,
  type Rule,
  type Ruleset,
  type Table,
  type Target,
} from "../model.ts";
import type { NftBase, NftChain, NftMatch, NftRule, NftTarget } from "./model.ts";

/**
 * Where iptables' tables hook in (enum nf_ip_hook_priorities). In nat, two chains stand around the
 * place of iptables' own: what would be inserted there comes before everybody's rules, what would be appended
 * after them.
 */
export const PRIORITY = { raw: -300, mangle: -150, natFirst: -101, natLast: -99 } as const;
const HOOK = { PREROUTING: "prerouting", OUTPUT: "output" } as const;

/** All chains of one family, base chains first; the chains of our own as they are called in iptables. */
export function familyChains({ tables, family }: Ruleset): NftChain[] {
  const all: NftChain[] = [];
  for (const table of tables) {
    const byChain = Map.groupBy(table.rules, (rule) => rule.chain);
    const add = (name: string, rules: readonly Rule[], base?: NftBase): void => {
      const translated = translate(rules, table, family);
      all.push(
        base === undefined ? { name, rules: translated } : { name, base, rules: translated },
      );
    };
    for (const name of ["PREROUTING", "OUTPUT"] as const) {
      const planned = baseChains(table.name, HOOK[name], byChain.get(name) ?? []);
      for (const { name, base, rules } of planned) add(name, rules, base);
    }
    for (const name of table.chains) add(name, byChain.get(name) ?? []);
  }
  return all;
}

interface Planned {
  readonly name: string;
  readonly base: NftBase;
  readonly rules: readonly Rule[];
}

function baseChains(
  table: Table["name"],
  hook: NftBase["hook"],
  rules: readonly Rule[],
): Planned[] {
  if (rules.length === 0) return [];
  if (table !== "nat") {
    const base = { type: "filter", hook, priority: PRIORITY[table] } as const;
    return [{ name: `${table}-${hook}`, base, rules }];
  }
  const inserted = rules.filter((rule) => rule.insertAt !== undefined)
    .sort((a, b) => (a.insertAt ?? 0) - (b.insertAt ?? 0));
  const appended = rules.filter((rule) => rule.insertAt === undefined);
  const chain = (name: string, priority: number, rules: readonly Rule[]): Planned[] =>
    rules.length === 0
      ? []
      : [{ name: `nat-${hook}-${name}`, base: { type: "nat", hook, priority }, rules }];
  // A return of the first chain does not end the last one, as it would in iptables: so it is said again.
  const again = appended.length === 0 ? [] : inserted.filter(endsHere);
  return [
    ...chain("first", PRIORITY.natFirst, inserted),
    ...chain("last", PRIORITY.natLast, [...again, ...appended]),
  ];
}

function endsHere({ target }: Rule): boolean {
  return target.kind === "return" || target.kind === "jump" && target.chain === "DOCKER_OUTPUT";
}

function translate(rules: readonly Rule[], table: Table, family: Family): NftRule[] {
  const translated: NftRule[] = [];
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    if (rule === undefined) continue;
    const target = translateTarget(rule.target, table);
    const comment = rule.comment === undefined
      ? {}
      : { comment: checkComment(COMMENT_PREFIX + rule.comment) };
    for (const some of spread(withoutNeedlessOwner(rule, rules[i + 1]))) {
      const matches: NftMatch[] = [];
      for (const match of some) addMatch(matches, match);
      translated.push({ family, ...comment, matches, target });
    }
  }
  return translated;
}

/** A rule's matches once for each of its ranges of ports. */
function spread(matches: readonly Match[]): (readonly Match[])[] {
  const at = matches.findIndex(({ kind }) => kind === "destinationPorts");
  const list = matches[at];
  if (list?.kind !== "destinationPorts") return [matches];
  return list.ports.map((range) => matches.with(at, { kind: "destinationPorts", ports: [range] }));
}

/**
 * `! --uid-owner U` also matches packets without a socket, which nothing in nftables can say. Where the next
 * rule returns everything of U anyway, the match can be left out and nobody fares differently.
 */
function withoutNeedlessOwner(rule: Rule, next: Rule | undefined): readonly Match[] {
  const { matches, target } = rule;
  const owner = matches.find((match) => match.kind === "uidOwner" && match.not === true);
  if (owner?.kind !== "uidOwner" || target.kind !== "return") return matches;
  const [only, ...more] = next?.matches ?? [];
  const returned = next?.target.kind === "return" && more.length === 0 &&
    only?.kind === "uidOwner" && only.not !== true && only.uids.from === owner.uids.from &&
    only.uids.to === owner.uids.to;
  return returned ? matches.filter((match) => match !== owner) : matches;
}

function addMatch(all: NftMatch[], match: Match): void {
  switch (match.kind) {
    case "module":
      return;
    case "protocol":
      all.push(match);
      return;
    case "source":
    case "destination":
      all.push({
        kind: "address",
        side: match.kind,
        value: { one: match.address },
        ...not(match),
      });
      return;
    case "inInterface":
    case "outInterface": {
      if (match.name === "+") return;
      const side = match.kind === "inInterface" ? "in" : "out";
      all.push({ kind: "interface", side, name: match.name, ...not(match) });
      return;
    }
    case "sourcePort":
    case "destinationPort": {
      const side = match.kind === "sourcePort" ? "source" : "destination";
      const one = { from: match.port, to: match.port };
      all.push({ kind: "port", side, value: { one }, ...not(match) });
      return;
    }
    // Spread into one rule a range before: grouping makes one set of them.
    case "destinationPorts":
      for (const one of match.ports) {
        all.push({ kind: "port", side: "destination", value: { one } });
      }
      return;
    case "uidOwner":
      all.push({ kind: "uid", value: { one: match.uids }, ...not(match) });
      return;
    case "ctState":
      all.push({ kind: "invalid" });
  }
}

function not(match: { readonly not?: true }): { readonly not?: true } {
  return match.not === true ? { not: true } : {};
}

function translateTarget(target: Target, { chains }: Table): NftTarget {
  // Docker's DNS chain stands in a table of Docker's: whoever returns here passes it there.
  if (target.kind === "jump" && !chains.includes(target.chain)) return { kind: "return" };
  return target;
}
