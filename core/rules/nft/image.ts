/**
 * The table as the kernel holds it: what is sent, what a dump is read back to, and what both are compared as.
 *
 * @module
 */
import type { Family } from "../../proxy/resolved.ts";
import { hexNumber } from "./elements.ts";
import { type Expression, expressionsOf, META, NFPROTO } from "./expressions.ts";
import type { Count } from "../saved.ts";
import type { NftBase, NftSet, NftTable } from "./model.ts";

/** One rule as the kernel holds it. */
export interface ImageRule {
  readonly comment?: string;
  readonly expressions: readonly Expression[];
  /** What its counter has counted; only of a rule that was read. */
  readonly count?: Count;
}

/** One chain as the kernel holds it. */
export interface ImageChain {
  readonly name: string;
  readonly base?: NftBase;
  readonly rules: readonly ImageRule[];
}

/** The table as the kernel holds it. */
export interface NftImage {
  /** Of what was installed, noted with the table; undefined where the kernel keeps no such note (before 5.10). */
  readonly fingerprint: string | undefined;
  readonly sets: readonly NftSet[];
  readonly chains: readonly ImageChain[];
}

/**
 * What the kernel is to hold for `table`.
 *
 * @throws KumaError KUMA-TP-101 where a value cannot stand in a rule.
 */
export function imageOf(table: NftTable): NftImage {
  const chains = table.chains.map(({ name, base, rules }) => ({
    name,
    ...(base === undefined ? {} : { base }),
    rules: rules.map((rule) => ({
      ...(rule.comment === undefined ? {} : { comment: rule.comment }),
      expressions: expressionsOf(rule),
    })),
  }));
  return {
    fingerprint: fingerprint(JSON.stringify(table)),
    sets: table.sets,
    chains,
  };
}

/**
 * Sixteen hexadecimal digits that tell one text from another; no secret is behind them. Two words at a time, one for each
 * half, as each pod that starts waits for it. No two texts have the same that differ in one word alone.
 */
export function fingerprint(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array((bytes.length + 8) & ~7);
  padded.set(bytes);
  let a = 0x811c9dc5, b = bytes.length;
  const words = new Uint32Array(padded.buffer), { imul } = Math;
  for (let i = 0; i < words.length; i += 2) {
    a = imul(a ^ (words[i] ?? 0), 0x01000193);
    a ^= a >>> 15;
    b = imul(b + (words[i + 1] ?? 0) | 0, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return [a, b].map((sum) => (sum >>> 0).toString(16).padStart(8, "0")).join("");
}

/** Whether packets of this family meet any rule of the table: one that its base chains do not keep for the other. */
export function actsOn({ chains }: NftImage, family: Family): boolean {
  const other = hexNumber(NFPROTO[family === "ipv4" ? "ipv6" : "ipv4"], 1);
  return chains.some(({ base, rules }) =>
    base !== undefined && rules.some(({ expressions }) => !isOnlyFor(expressions, other))
  );
}

/** Addresses are of one family as well, and stand behind the comparison with it. */
function isOnlyFor(expressions: readonly Expression[], protocol: string): boolean {
  return expressions.some((one, i) => {
    const next = expressions[i + 1];
    return one.name === "meta" && one.key === META.NFPROTO && next?.name === "cmp" &&
      next.data === protocol;
  });
}
