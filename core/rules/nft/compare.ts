/**
 * What lies between the table as it should be and the table as the kernel holds it.
 *
 * @module
 */
import { isRecord } from "core/patch/json.ts";
import type { Expression } from "./expressions.ts";
import { type ImageChain, imageOf, type ImageRule, type NftImage } from "./image.ts";
import { NFT_TABLE, type NftTable } from "./model.ts";
import { renderNftRule } from "./text.ts";

/**
 * All differences, one line each for a person; none means unchanged. `found` is undefined where there is no
 * table. Everything in the table is ours by its name, so whatever is not as it should be is a difference.
 *
 * @throws KumaError KUMA-TP-101 where a value cannot stand in a rule.
 */
export function compareNft(desired: NftTable, found: NftImage | undefined): string[] {
  if (found === undefined) return [`the table inet ${NFT_TABLE} is missing`];
  const wanted = imageOf(desired);
  // Most tables are as they should be: rules are put in words only where one is not.
  const words = new Map(desired.chains.map(({ name, rules }) => [name, rules]));
  const text = (name: string) => (at: number): string => {
    const rule = words.get(name)?.[at];
    return rule === undefined ? "" : renderNftRule(rule);
  };
  const chains = pairs(wanted.chains, found.chains).flatMap(([name, a, b]) =>
    compareChain(name, a, b, text(name))
  );
  const sets = pairs(wanted.sets, found.sets).flatMap(([name, a, b]) => {
    if (b === undefined) return [`the set ${name} is missing`];
    if (a === undefined) return [`the set ${name} should not be there`];
    return same(a, b) ? [] : [`the set ${name} has other elements than it should have`];
  });
  const differences = [...chains, ...sets];
  if (differences.length === 0 || found.fingerprint === undefined) return differences;
  const changed = found.fingerprint === wanted.fingerprint
    ? "the rules were changed after they were installed"
    : "the rules are those of another configuration";
  return [`${changed}: ${differences[0]}`, ...differences.slice(1)];
}

function compareChain(
  name: string,
  wanted: ImageChain | undefined,
  found: ImageChain | undefined,
  text: (at: number) => string,
): string[] {
  if (found === undefined) return [`the chain ${name} is missing`];
  if (wanted === undefined) return [`the chain ${name} should not be there`];
  const place = `chain ${name}`;
  if (!same(wanted.base ?? null, found.base ?? null)) {
    return [`${place}: it is not hooked in as it should be`];
  }
  // Most chains are as they should be, and then every word is at the same place.
  if (JSON.stringify(wanted.rules.map(told)) === JSON.stringify(found.rules.map(told))) return [];
  const left = found.rules.map(key);
  const missing = wanted.rules.flatMap((rule, i) => {
    const at = left.indexOf(key(rule));
    if (at >= 0) left[at] = "";
    return at >= 0 ? [] : [`${place}: a rule is missing: ${text(i)}`];
  });
  const unexpected = found.rules.filter((_, i) => left[i] !== "")
    .map((rule) => `${place}: a rule should not be there: ${describeRule(rule)}`);
  const different = [...missing, ...unexpected];
  if (different.length > 0 || same(wanted.rules.map(key), found.rules.map(key))) return different;
  const at = wanted.rules.findIndex((rule, i) =>
    found.rules[i] === undefined || key(rule) !== key(found.rules[i])
  );
  return [`${place}: a rule is out of order: ${text(at)}`];
}

/** The rule's comment, or its expressions as the kernel names them. */
export function describeRule({ comment, expressions }: ImageRule): string {
  const words = expressions.map((one) =>
    one.name === "unknown" ? one.text : Object.values(one).join(" ")
  );
  return comment === undefined ? words.join(", ") : `"${comment}"`;
}

/** Earlier versions put none in, and nobody fares differently for one. */
function isNoCounter({ name }: Expression): boolean {
  return name !== "counter";
}

function told({ comment, expressions }: ImageRule): unknown[] {
  return [comment ?? null, expressions.filter(isNoCounter)];
}

function key(rule: ImageRule): string {
  return JSON.stringify([
    rule.comment ?? null,
    rule.expressions.filter(isNoCounter).map((one) => Object.entries(one).sort()),
  ]);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  return isRecord(value) ? Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1) : value;
}

function pairs<T extends { readonly name: string }>(
  wanted: readonly T[],
  found: readonly T[],
): [string, T | undefined, T | undefined][] {
  const a = new Map(wanted.map((one) => [one.name, one]));
  const b = new Map(found.map((one) => [one.name, one]));
  return [...new Set([...a.keys(), ...b.keys()])].map((name) => [name, a.get(name), b.get(name)]);
}
