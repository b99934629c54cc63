/**
 * The table as the kernel holds it: what is sent, what a dump is read back to, and what both are compared as.
 *
 * @module
 */
import { type Expression, expressionsOf } from "./expressions.ts";
import type { NftBase, NftSet, NftTable } from "./model.ts";

/** One rule as the kernel holds it. */
export interface ImageRule {
  readonly comment?: string;
  readonly expressions: readonly Expression[];
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
    fingerprint: fingerprint(JSON.stringify([table.sets, chains])),
    sets: table.sets,
    chains,
  };
}

/** Sixteen hexadecimal digits that tell one text from another; two FNV-1a sums, no secret is behind them. */
export function fingerprint(text: string): string {
  let a = 0x811c9dc5, b = 0xcbf29ce4;
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(text.length - 1 - i), 0x01000193);
  }
  return [a, b].map((sum) => (sum >>> 0).toString(16).padStart(8, "0")).join("");
}
