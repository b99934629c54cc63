/**
 * What becomes of a packet by the rules that are really there, and why.
 *
 * @module
 */
import { canonicalRule } from "./canonical.ts";
import type { ExplainedPacket, ExplainedStep } from "./explain.ts";
import { COMMENT_PREFIX, isOurChain, type Rule, type Ruleset } from "./model.ts";
import { buildNftTable } from "./nft/build.ts";
import { evaluateNft } from "./nft/evaluate.ts";
import { imageOf, type ImageRule, type NftImage } from "./nft/image.ts";
import { ruleText } from "./nft/listing.ts";
import { NFT_TABLE } from "./nft/model.ts";
import { ruleOf } from "./nft/read_rule.ts";
import type { Packet } from "./packet.ts";
import { REASONS } from "./reasons.ts";
import { renderRuleSpec } from "./render.ts";
import { verdictOf } from "./verdict.ts";

/** What a rule of nobody we know is there for. */
const OTHERS = "a rule of others";

/**
 * Explains what a firewall as `readFirewall` has it does with a packet.
 *
 * @param wanted rules of the configuration, with the comments that those may lack which are there
 */
export function explainIptables(
  found: Ruleset,
  packet: Packet,
  wanted: readonly Ruleset[],
): ExplainedPacket {
  const silent = commentsOf(wanted.find(({ family }) => family === packet.family));
  const { redirect, zone, steps } = verdictOf(found, packet);
  const dropped = steps.at(-1)?.rule.target.kind === "drop";
  return explained(
    packet,
    { redirect, zone, dropped },
    steps.map(({ table, rule }) => {
      const { comment, ...rest } = rule;
      const why = comment ?? silent.get(`${table} ${rule.chain} ${canonicalRule(rest)}`);
      return step(table, rule.chain, renderRuleSpec(rest), why);
    }),
  );
}

/**
 * Explains what our table of nftables does with a packet.
 *
 * @throws {Error} where the packet meets what we never write.
 */
export function explainNftables(
  found: NftImage,
  packet: Packet,
  wanted: readonly Ruleset[],
): ExplainedPacket {
  const silent = nftCommentsOf(wanted);
  const own = wanted.find(({ family }) => family === packet.family);
  const met = own === undefined ? [] : verdictOf(own, packet).steps;
  // Without comments, rules for several reasons may have become one with a set: then the packet tells which it is.
  const byPacket = (chain: string, rule: ImageRule) => {
    const target = JSON.stringify(ruleOf(rule)?.target);
    const same = (of: string) => of === chain || !isOurChain(of) && !isOurChain(chain);
    return met.find((one) => same(one.rule.chain) && JSON.stringify(one.rule.target) === target)
      ?.rule.comment;
  };
  const verdict = evaluateNft(found, packet);
  return explained(
    packet,
    verdict,
    verdict.steps.map(({ chain, rule }) => {
      const { comment, ...rest } = rule;
      const text = ruleText(rest);
      const why = comment?.slice(COMMENT_PREFIX.length) ?? silent.get(`${chain} ${text}`) ??
        byPacket(chain, rest);
      return step(`inet ${NFT_TABLE}`, chain, text, why);
    }),
  );
}

function step(table: string, chain: string, rule: string, why = OTHERS): ExplainedStep {
  const settings = REASONS[why];
  return {
    table,
    chain,
    rule,
    why: settings === undefined ? OTHERS : why,
    settings: settings ?? [],
  };
}

function explained(
  packet: Packet,
  { redirect, zone, dropped }: {
    readonly redirect: number | undefined;
    readonly zone: number | undefined;
    readonly dropped: boolean;
  },
  steps: readonly ExplainedStep[],
): ExplainedPacket {
  const outcome = dropped ? "dropped" : redirect === undefined ? "left alone" : "redirected";
  return { packet, outcome, port: dropped ? undefined : redirect, zone, steps };
}

/** Comments of the rules that were wanted, by what they say without them: a person may have switched comments off. */
function commentsOf(wanted: Ruleset | undefined): ReadonlyMap<string, string> {
  return new Map(
    wanted?.tables.flatMap(({ name, rules }) =>
      rules.map(({ comment = "", insertAt: _, ...rule }) =>
        [`${name} ${rule.chain} ${canonicalRule(rule as Rule)}`, comment] as const
      )
    ),
  );
}

function nftCommentsOf(wanted: readonly Ruleset[]): ReadonlyMap<string, string> {
  const { chains } = imageOf(buildNftTable(wanted));
  return new Map(
    chains.flatMap(({ name, rules }) =>
      rules.map(({ comment = "", ...rule }: ImageRule) =>
        [`${name} ${ruleText(rule)}`, comment.slice(COMMENT_PREFIX.length)] as const
      )
    ),
  );
}
