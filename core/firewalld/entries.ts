/**
 * Rules as entries of firewalld's direct.xml (firewalld.direct(5)).
 *
 * firewalld takes a rule's text apart as Python's `shlex.split` does; inside double quotes that knows the
 * two escapes that our renderer writes, `\"` and `\\`, so the text of iptables-restore is right as it is.
 *
 * @module
 */
import type { Family } from "../proxy/resolved.ts";
import { COMMENT_PREFIX, isOurChain, type Rule, type Ruleset } from "../rules/model.ts";
import { type RenderOptions, renderRuleSpec } from "../rules/render.ts";
import type { DirectElement } from "./scan.ts";

/** Kuma's priority of appended rules; firewalld puts lower numbers first. */
const APPENDED_PRIORITY = 3;
/** Stands ahead of rules of ours that nothing else tells apart. */
export const MARK = `<!-- ${COMMENT_PREFIX.slice(0, -1)} -->`;

/** One entry as text, with what identifies it. */
export interface DirectEntry {
  /** The element, without indentation. */
  readonly xml: string;
  /** Equal for entries that mean the same. */
  readonly key: string;
}

/**
 * The entries of rulesets: all chains, then all rules, each in their order, duplicates dropped. Inserted
 * rules get negative priorities: in order, ahead of the appended ones and of what others put at 0.
 *
 * @throws KumaError KUMA-TP-101 as rendering does.
 */
export function directEntries(
  rulesets: readonly Ruleset[],
  options: RenderOptions = {},
): DirectEntry[] {
  const chains = rulesets.flatMap(({ family, tables }) =>
    tables.flatMap((table) => table.chains.map((chain) => chainEntry(family, table.name, chain)))
  );
  const rules = rulesets.flatMap(({ family, tables }) =>
    tables.flatMap(({ name, rules }) =>
      rules.map((rule) => ruleEntry({ family, table: name, rules }, rule, options))
    )
  );
  return [...new Map([...chains, ...rules].map((entry) => [entry.key, entry])).values()];
}

function chainEntry(ipv: Family, table: string, chain: string): DirectEntry {
  return {
    xml: `<chain ipv="${ipv}" table="${table}" chain="${escaped(chain)}"></chain>`,
    key: ["chain", ipv, table, chain].join(" "),
  };
}

function ruleEntry(
  { family, table, rules }: { family: Family; table: string; rules: readonly Rule[] },
  rule: Rule,
  options: RenderOptions,
): DirectEntry {
  const priority = priorityOf(rule, rules);
  const text = renderRuleSpec(rule, options);
  const attributes = `ipv="${family}" table="${table}" chain="${
    escaped(rule.chain)
  }" priority="${priority}"`;
  const xml = `<rule ${attributes}>${escaped(text)}</rule>`;
  const told = isOurRule(rule.chain, text);
  return {
    xml: told ? xml : `${MARK}${xml}`,
    key: ["rule", family, table, rule.chain, priority, text].join(" "),
  };
}

function priorityOf(rule: Rule, rules: readonly Rule[]): number {
  if (rule.insertAt === undefined) return APPENDED_PRIORITY;
  const inserted = rules.filter(({ chain, insertAt }) =>
    chain === rule.chain && insertAt !== undefined
  );
  return rule.insertAt - 1 - inserted.length;
}

/** {@linkcode DirectEntry.key} of an element that stands in the file. */
export function keyOf({ name, attributes, text }: DirectElement): string {
  const values = ["ipv", "table", "chain", ...(name === "rule" ? ["priority"] : [])]
    .map((attribute) => attributes.get(attribute) ?? "");
  return [name, ...values, ...(name === "rule" ? [text.trim()] : [])].join(" ");
}

/** Whether an element says by itself that it is ours. */
export function isOurElement({ name, attributes, text }: DirectElement): boolean {
  const chain = attributes.get("chain") ?? "";
  if (name === "chain") return isOurChain(chain);
  return name === "rule" && isOurRule(chain, text);
}

function isOurRule(chain: string, text: string): boolean {
  if (isOurChain(chain) || text.includes(COMMENT_PREFIX)) return true;
  const target = /(?:^|\s)(?:-j|--jump|-g|--goto)\s+(\S+)/.exec(text)?.[1];
  return target !== undefined && isOurChain(target);
}

/** Text as XML, quotes in the form that Kuma writes. */
function escaped(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;" })[c] ?? "&#39;",
  );
}
