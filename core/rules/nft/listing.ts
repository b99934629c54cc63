/**
 * The table as the kernel holds it, as lines that can be compared, each whole in itself:
 * `chain KUMA_MESH_INBOUND: tcp dport 22 return`.
 *
 * @module
 */
import { imageOf, type ImageRule, type NftImage } from "./image.ts";
import { NFT_TABLE, type NftTable } from "./model.ts";
import { ruleOf } from "./read_rule.ts";
import { elementText, renderNftRule } from "./text.ts";

/** What would be listed once the kernel has `table`. Throws KumaError KUMA-TP-101 as sending it does. */
export function listTable(table: NftTable): string[] {
  return listImage(imageOf(table));
}

/** The lines; sets and chains in the order of their names, since theirs says nothing. */
export function listImage({ sets, chains }: NftImage): string[] {
  const byName = (a: { name: string }, b: { name: string }) => a.name < b.name ? -1 : 1;
  return [
    `table inet ${NFT_TABLE}`,
    ...sets.toSorted(byName).map(({ name, type, elements }) =>
      `set ${name}: ${elements.map((element) => elementText(type, element)).join(", ")}`
    ),
    ...chains.toSorted(byName).flatMap(({ name, base, rules }) => [
      base === undefined
        ? `chain ${name}`
        : `chain ${name}: type ${base.type} hook ${base.hook} priority ${base.priority}`,
      ...rules.map((rule) => `chain ${name}: ${ruleText(rule)}`),
    ]),
  ];
}

/** As nft writes it; what we would never write, by the kernel's own words. */
export function ruleText(rule: ImageRule): string {
  const read = ruleOf(rule);
  if (read !== undefined) return renderNftRule(read);
  const words = rule.expressions.map((one) =>
    one.name === "unknown" ? one.text : Object.values(one).join(" ")
  );
  const comment = rule.comment === undefined ? "" : ` comment ${JSON.stringify(rule.comment)}`;
  return `[ ${words.join(", ")} ]${comment}`;
}
