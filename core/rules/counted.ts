/**
 * What our rules have counted: how often each matched, and how many connections were redirected.
 *
 * @module
 */
import type { Family } from "../proxy/resolved.ts";
import type { Expression } from "./nft/expressions.ts";
import { describeRule } from "./nft/compare.ts";
import type { NftImage } from "./nft/image.ts";
import { NFT_TABLE, type NftRule, type NftTable } from "./nft/model.ts";
import { renderNftRule } from "./nft/text.ts";
import { COMMENT_PREFIX } from "./model.ts";
import type { Ownerships } from "./ownership.ts";
import type { Count, SavedRule, SavedState } from "./saved.ts";
import { splitWords } from "./words.ts";

/** One rule of ours that is in place. */
export interface CountedRule {
  /** Absent for a rule that both families share. */
  readonly family?: Family;
  /** `nat`, or `inet kuma-mesh`. */
  readonly table: string;
  readonly chain: string;
  /** Without its comment. */
  readonly rule: string;
  /** Its comment without our prefix. */
  readonly comment?: string;
  /** Absent for a rule without a counter: earlier versions wrote such into nftables. */
  readonly count?: Count;
  /** The port that it redirects to. */
  readonly redirect?: number;
}

/** Connections that were redirected since the rules were put in, or changed. */
export interface Intercepted {
  readonly outbound: number;
  readonly inbound: number;
  readonly dns: number;
}

/** Ports by what is redirected there. */
export type ProxyPorts = Readonly<Record<keyof Intercepted, number>>;

/** Sums up by port; undefined where no rule counts. */
export function intercepted(
  rules: readonly CountedRule[],
  ports: ProxyPorts,
): Intercepted | undefined {
  if (!rules.some(({ count }) => count !== undefined)) return undefined;
  const sum = (port: number): number =>
    rules.reduce(
      (all, { redirect, count }) => all + (redirect === port ? count?.packets ?? 0 : 0),
      0,
    );
  return {
    outbound: sum(ports.outbound),
    inbound: sum(ports.inbound),
    dns: sum(ports.dns),
  };
}

/** Our rules among those that `iptables-save` lists. */
export function countedRules(
  family: Family,
  state: SavedState,
  owners: Ownerships,
): CountedRule[] {
  return state.tables.flatMap(({ name, rules }) =>
    rules.filter((rule) => owners.get(rule) === "ours").map((rule) => ({
      family,
      table: name,
      ...savedRule(rule),
    }))
  );
}

/** `-m comment --comment "…"`, which is told on its own. */
const COMMENT_MATCH = /-m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+) ?/;

function savedRule(saved: SavedRule): Omit<CountedRule, "table"> {
  const { chain, text, comment, count } = saved;
  const redirect = redirectOf(saved);
  return {
    chain,
    rule: text.replace(COMMENT_MATCH, "").trim(),
    ...commentOf(comment),
    ...(count === undefined ? {} : { count }),
    ...(redirect === undefined ? {} : { redirect }),
  };
}

function redirectOf({ target, text }: SavedRule): number | undefined {
  if (target !== "REDIRECT") return undefined;
  const words = splitWords(text);
  const port = words[words.indexOf("--to-ports") + 1] ?? "";
  return /^[0-9]{1,5}$/.test(port) ? Number(port) : undefined;
}

/**
 * The rules of our table of nftables as they are in place.
 *
 * @param table as it should be; undefined where what was found differs from it, which is then told in the kernel's words
 * @throws KumaError KUMA-TP-101 where a value cannot stand in a rule.
 */
export function countedNft(table: NftTable | undefined, found: NftImage): CountedRule[] {
  const wanted = new Map(table?.chains.map(({ name, rules }) => [name, rules]));
  return found.chains.flatMap(({ name, rules }) =>
    rules.map((rule, at): CountedRule => {
      const redirect = redirectPort(rule.expressions);
      return {
        table: `inet ${NFT_TABLE}`,
        chain: name,
        // Put in words where somebody asks for it.
        get rule() {
          return wordsOf(wanted.get(name)?.[at]) ?? describeRule(rule);
        },
        ...commentOf(rule.comment),
        ...(rule.count === undefined ? {} : { count: rule.count }),
        ...(redirect === undefined ? {} : { redirect }),
      };
    })
  );
}

function wordsOf(rule: NftRule | undefined): string | undefined {
  if (rule === undefined) return undefined;
  const { comment: _, ...spoken } = rule;
  return renderNftRule(spoken);
}

/** The port stands in a register ahead of the redirection. */
function redirectPort(expressions: readonly Expression[]): number | undefined {
  const [port, last] = expressions.slice(-2);
  return last?.name === "redir" && port?.name === "immediate" ? parseInt(port.data, 16) : undefined;
}

function commentOf(comment: string | undefined): { comment?: string } {
  if (comment === undefined) return {};
  return {
    comment: comment.startsWith(COMMENT_PREFIX) ? comment.slice(COMMENT_PREFIX.length) : comment,
  };
}
