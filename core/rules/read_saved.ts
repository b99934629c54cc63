/**
 * A listed firewall as rules that packets can be followed through, ours and those of others.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Family } from "../proxy/resolved.ts";
import { COMMENT_PREFIX, type Rule, type Ruleset, type TableName, TABLES } from "./model.ts";
import { shortName } from "./option_names.ts";
import { parseRuleWords } from "./parse_rule.ts";
import { renderRule } from "./render.ts";
import type { SavedRule, SavedState, SavedTable } from "./saved.ts";
import { splitWords } from "./words.ts";

/** Rules that can be followed, and those that cannot. */
export interface ReadFirewall {
  readonly ruleset: Ruleset;
  /** Rules of others that say what we cannot follow, as `-t nat -A OUTPUT …`. */
  readonly unread: readonly string[];
}

/** Reads the tables that packets pass which open a connection. A chain that is left is a chain that ends the table. */
export function readFirewall(family: Family, { tables }: SavedState): ReadFirewall {
  const unread: string[] = [];
  const read = TABLES.flatMap((name) => {
    const table = tables.find((one) => one.name === name);
    return table === undefined ? [] : [readTable(name, table, unread)];
  });
  return { ruleset: { family, tables: read }, unread };
}

function readTable(
  name: TableName,
  table: SavedTable,
  unread: string[],
): Ruleset["tables"][number] {
  const chains = table.chains.map((chain) => chain.name);
  const rules = table.rules.flatMap((rule) => {
    const read = readRule(rule);
    const { target } = read ?? {};
    const known = target?.kind !== "jump" || target.chain === "ACCEPT" ||
      chains.includes(target.chain);
    if (read !== undefined && known && writable(read)) return [read];
    unread.push(`-t ${name} -A ${rule.chain} ${rule.text}`);
    return [];
  });
  return { name, chains, rules };
}

/** iptables lets others name a chain as ours never are; such a rule could not be told again. */
function writable(rule: Rule): boolean {
  try {
    renderRule(rule);
    return true;
  } catch (error) {
    if (error instanceof KumaError) return false;
    throw error;
  }
}

/** One rule; undefined where it says more than our rules ever do. Its comment comes without the prefix of ours. */
function readRule({ chain, text, comment }: SavedRule): Rule | undefined {
  const ours = comment?.startsWith(COMMENT_PREFIX) === true;
  const words = ours ? ["-m", "comment", "--comment", comment ?? ""] : [];
  const spec = parseRuleWords([...words, ...spelledAsOurs(splitWords(text))]);
  return spec === undefined ? undefined : { chain, ...spec };
}

/** What `iptables-save` says beside what we write, taken away: see `canonical.ts` for what it changes. */
function spelledAsOurs(words: readonly string[]): string[] {
  const left: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = shortName(words[at] ?? ""), next = words[at + 1] ?? "";
    if (word === "-m" && (next === "tcp" || next === "udp" || next === "comment")) at++;
    else if (word === "--comment") at++;
    else if (word === "--dports") left.push("--dport");
    else if (word === "--uid-owner") left.push(word, (words[++at] ?? "").replace("-", ":"));
    else if (word === "--log-prefix") {
      left.push(word, words[++at] ?? "");
      // iptables-save leaves the usual level out.
      if (!words.includes("--log-level")) left.push("--log-level", "4");
    } else left.push(words[at] ?? "");
  }
  return left;
}
