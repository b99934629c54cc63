/**
 * Reads what `iptables-save` and `ip6tables-save` print, nft and legacy, with or without counters.
 *
 * @module
 */
import { shown } from "core/grammar/echo.ts";
import { KumaError } from "../errors.ts";
import { canonicalWords } from "./canonical.ts";
import { shortName } from "./option_names.ts";
import type { SavedChain, SavedRule, SavedState, SavedTable } from "./saved.ts";
import { endsInQuote, splitWords } from "./words.ts";

const CHAIN_LINE = /^:(\S+) (\S+)(?: \[[0-9]+:[0-9]+\])?$/;
const RULE_LINE = /^(?:\[([0-9]+):([0-9]+)\] )?-A (\S+)(?: (.*))?$/s;
const INCOMPATIBLE = /^# Table [`'"]([A-Za-z0-9_]+)[`'"] is incompatible/;

/**
 * The state that a listing describes. A table that is listed twice (some old builds do) is one table.
 *
 * @throws KumaError KUMA-TP-102 with the line that is neither a table, a chain nor a rule.
 */
export function parseSave(text: string): SavedState {
  const tables = new Map<string, { chains: SavedChain[]; rules: SavedRule[] }>();
  const incompatible: string[] = [];
  let open: { chains: SavedChain[]; rules: SavedRule[] } | undefined;
  for (const [index, line] of logicalLines(text)) {
    if (line === "") continue;
    if (line.startsWith("#")) {
      const name = INCOMPATIBLE.exec(line)?.[1];
      if (name !== undefined) incompatible.push(name);
    } else if (line.startsWith("*")) {
      const name = line.slice(1).trim();
      open = tables.get(name) ?? { chains: [], rules: [] };
      tables.set(name, open);
    } else if (line === "COMMIT") open = undefined;
    else if (open === undefined || !readLine(line, open)) {
      throw new KumaError(
        "KUMA-TP-102",
        `Cannot read line ${index + 1} of iptables-save: ${shown(line, 200)}`,
      );
    }
  }
  return {
    tables: [...tables].map(([name, content]): SavedTable => ({ name, ...content })),
    incompatible,
  };
}

/** Lines with the index of their first one; a rule whose quote stays open has more than one. */
function* logicalLines(text: string): Generator<[number, string]> {
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const first = i;
    let line = lines[i] ?? "";
    if (line.includes('"') && !line.startsWith("#")) {
      while (endsInQuote(line) && i + 1 < lines.length) line += `\n${lines[++i]}`;
    }
    yield [first, line.trimEnd()];
  }
}

function readLine(line: string, table: { chains: SavedChain[]; rules: SavedRule[] }): boolean {
  const [, chain, policy] = CHAIN_LINE.exec(line) ?? [];
  if (chain !== undefined && policy !== undefined) {
    table.chains.push({ name: chain, policy, builtin: policy !== "-" });
    return true;
  }
  const [, packets, bytes, of, text = ""] = RULE_LINE.exec(line) ?? [];
  if (of === undefined) return false;
  const rule = savedRule(of, text);
  const count = { packets: Number(packets), bytes: Number(bytes) };
  table.rules.push(packets === undefined ? rule : { ...rule, count });
  return true;
}

/** A listed rule from its chain and the text after it. Throws KUMA-TP-102 on an open quote. */
export function savedRule(chain: string, text: string): SavedRule {
  const words = splitWords(text);
  const comment = valueOf(words, "--comment");
  const target = valueOf(words, "-j") ?? valueOf(words, "-g");
  return {
    chain,
    text,
    canonical: canonicalWords(words),
    ...(comment === undefined ? {} : { comment }),
    ...(target === undefined ? {} : { target }),
  };
}

/** The word after an option; an option's name that stands as another's value (a comment) is skipped. */
function valueOf(words: readonly string[], option: string): string | undefined {
  for (let i = 0; i < words.length - 1; i++) {
    const name = shortName(words[i] ?? "");
    if (name === option) return words[i + 1];
    if (name === "--comment" || name === "--log-prefix") i++;
  }
  return undefined;
}
