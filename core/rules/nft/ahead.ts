/**
 * Rules of other people's nftables that a packet meets before ours. An `accept` or `return` in a base chain ends no
 * other base chain, so only what takes packets away, or rewrites them, counts.
 *
 * @module
 */
import { BEFORE_NAT, type RuleAhead } from "../ahead.ts";
import { CHAIN, DATA, EXPRESSION, HOOK, HOOK_NUMBER, RULE, USERDATA } from "./attributes.ts";
import { userdataText } from "./decode.ts";
import { VERDICT } from "./expressions.ts";
import type { NftBase } from "./model.ts";
import { attributesOf, type Bytes, decodeAttributes, numberOf, textOf } from "./wire.ts";

/** A chain of others, as far as its place matters. */
export interface ForeignChain {
  /** `ip`, `ip6` or `inet`. */
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Undefined for a chain that no hook calls. */
  readonly base?: {
    readonly type: string;
    readonly hook: NftBase["hook"];
    readonly priority: number;
    readonly drops: boolean;
  };
}

/** A rule of others, as far as it takes packets away. */
export interface ForeignRule {
  readonly chain: string;
  readonly handle: number;
  readonly comment?: string;
  /** Chains that it leads to. */
  readonly jumps: readonly string[];
  /** It leads somewhere by a map of verdicts: perhaps to any chain of its table. */
  readonly anywhere: boolean;
  readonly verdicts: readonly string[];
}

/** Where ours begin in each hook; absent where we have none there. */
export type OurPriorities = Readonly<Partial<Record<NftBase["hook"], number>>>;

/** Of a chain of type nat: whichever maps a connection first, wins. */
const IN_NAT: ReadonlyMap<string, boolean> = new Map([
  ["REDIRECT", true],
  ["DNAT", false],
  ["NETMAP", false],
  ["DROP", false],
  ["QUEUE", false],
]);

/** Whether packets come to this base chain before they come to ours. Of equal priority, either may be first. */
export function isAhead({ base }: ForeignChain, ours: OurPriorities): boolean {
  const place = base === undefined ? undefined : ours[base.hook];
  if (base === undefined || place === undefined) return false;
  return base.type === "nat" ? base.priority <= place : base.priority < place;
}

/** The rules of one table that come first: those of `bases`, and of all chains that these lead to. */
export function nftRulesAhead(
  bases: readonly ForeignChain[],
  rules: readonly ForeignRule[],
): RuleAhead[] {
  const byChain = Map.groupBy(rules, ({ chain }) => chain);
  const found = bases.flatMap(({ family, table, name, base }) => {
    const verdicts = base?.type === "nat" ? IN_NAT : BEFORE_NAT;
    const place = (chain: string) => `table ${family} ${table}, chain ${chain}`;
    const ending = reachable(name, byChain).flatMap((chain) =>
      (byChain.get(chain) ?? []).flatMap(({ handle, comment, verdicts: said }) =>
        said.flatMap((verdict) => {
          const bypasses = verdicts.get(verdict);
          if (bypasses === undefined) return [];
          const note = comment === undefined ? "" : ` "${comment}"`;
          return [{ place: place(chain), rule: `handle ${handle}${note}`, verdict, bypasses }];
        })
      )
    );
    const policy = { place: place(name), rule: "policy drop", verdict: "DROP", bypasses: false };
    return base?.drops === true ? [...ending, policy] : ending;
  });
  return [...new Map(found.map((one) => [`${one.place} ${one.rule}`, one])).values()];
}

function reachable(first: string, rules: ReadonlyMap<string, readonly ForeignRule[]>): string[] {
  const seen = new Set([first]);
  for (const chain of seen) {
    for (const { jumps, anywhere } of rules.get(chain) ?? []) {
      for (const next of anywhere ? rules.keys() : jumps) seen.add(next);
    }
  }
  return [...seen];
}

/** A chain as the kernel dumps it. */
export function foreignChain(family: string, bytes: Bytes): ForeignChain {
  const attributes = attributesOf(bytes);
  const text = (type: number) => textOf(attributes.get(type) ?? new Uint8Array(0));
  const chain = { family, table: text(CHAIN.TABLE), name: text(CHAIN.NAME) };
  const hook = attributes.get(CHAIN.HOOK);
  if (hook === undefined) return chain;
  const place = attributesOf(hook);
  const number = optional(place.get(HOOK.NUMBER));
  const name = (["prerouting", "output"] as const).find((one) => HOOK_NUMBER[one] === number);
  const priority = optional(place.get(HOOK.PRIORITY));
  if (name === undefined || priority === undefined) return chain;
  const drops = optional(attributes.get(CHAIN.POLICY)) === VERDICT.DROP;
  return { ...chain, base: { type: text(CHAIN.TYPE), hook: name, priority, drops } };
}

/** A rule as the kernel dumps it. */
export function foreignRule(bytes: Bytes): ForeignRule {
  const attributes = attributesOf(bytes);
  const list = attributes.get(RULE.EXPRESSIONS);
  const note = attributes.get(RULE.USERDATA);
  const comment = note === undefined ? undefined : userdataText(note, USERDATA.COMMENT);
  const handle = attributes.get(RULE.HANDLE);
  const ends = (list === undefined ? [] : decodeAttributes(list))
    .map(({ value }) => endOf(attributesOf(value)));
  return {
    chain: textOf(attributes.get(RULE.CHAIN) ?? new Uint8Array(0)),
    handle: handle === undefined
      ? 0
      : Number(new DataView(handle.buffer, handle.byteOffset).getBigUint64(0, false)),
    ...(comment === undefined ? {} : { comment }),
    jumps: ends.flatMap(({ jump }) => jump ?? []),
    anywhere: ends.some(({ anywhere }) => anywhere === true),
    verdicts: ends.flatMap(({ verdict }) => verdict ?? []),
  };
}

interface End {
  readonly verdict?: string;
  readonly jump?: string;
  readonly anywhere?: true;
}

/** What an expression does to a packet's way; attributes of linux/netfilter/nf_tables.h. */
function endOf(expression: Map<number, Bytes>): End {
  const name = textOf(expression.get(EXPRESSION.NAME) ?? new Uint8Array(0));
  const data = attributesOf(expression.get(EXPRESSION.DATA) ?? new Uint8Array(0));
  switch (name) {
    case "immediate":
      return verdictOf(data.get(2));
    case "redir":
      return { verdict: "REDIRECT" };
    case "nat":
      // NFTA_NAT_TYPE: NFT_NAT_DNAT.
      return optional(data.get(1)) === 1 ? { verdict: "DNAT" } : {};
    case "notrack":
    case "tproxy":
    case "queue":
      return { verdict: name.toUpperCase() };
    case "lookup":
      // NFTA_LOOKUP_DREG: what is found is a verdict.
      return optional(data.get(3)) === 0 ? { anywhere: true } : {};
    case "target":
      // One of iptables: NFTA_TARGET_NAME.
      return { verdict: textOf(data.get(1) ?? new Uint8Array(0)).replace(/^NF(?=QUEUE$)/, "") };
    default:
      return {};
  }
}

function verdictOf(value: Bytes | undefined): End {
  const nested = value === undefined ? undefined : attributesOf(value).get(DATA.VERDICT);
  if (nested === undefined) return {};
  const verdict = attributesOf(nested);
  const chain = verdict.get(2);
  if (chain !== undefined) return { jump: textOf(chain) };
  return optional(verdict.get(1)) === VERDICT.DROP ? { verdict: "DROP" } : {};
}

function optional(value: Bytes | undefined): number | undefined {
  return value === undefined || value.length < 4 ? undefined : numberOf(value);
}
