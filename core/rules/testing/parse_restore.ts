/**
 * Reads back the text that `render.ts` wrote, in either form: strictly that and nothing else.
 *
 * @module
 */
import { KumaError } from "../../errors.ts";
import type { Family } from "../../proxy/resolved.ts";
import { type Rule, type Ruleset, type Table, type TableName, TABLES } from "../model.ts";
import { shortName } from "../option_names.ts";
import { parseRuleWords } from "../parse_rule.ts";
import { splitWords } from "../words.ts";

/**
 * The ruleset of which `text` is the rendering; `family` is not part of the text.
 *
 * @throws KumaError KUMA-TP-104 naming the line that is not ours.
 */
export function parseRestore(text: string, family: Family): Ruleset {
  const tables: Table[] = [];
  let open: { name: TableName; chains: string[]; rules: Rule[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const unknown = () =>
      new KumaError("KUMA-TP-104", `Cannot read line ${index + 1} of a rules text: ${line}`);
    const words = splitWords(line);
    const [verb = "", subject = ""] = words;
    if (open === undefined) {
      const name = TABLES.find((table) => table === subject);
      if (verb !== "*" || name === undefined || words.length !== 2) throw unknown();
      open = { name, chains: [], rules: [] };
    } else if (line === "COMMIT") {
      tables.push(open);
      open = undefined;
    } else if (shortName(verb) === "-N" && words.length === 2) open.chains.push(subject);
    else {
      const rule = placedRule(words);
      if (rule === undefined) throw unknown();
      open.rules.push(rule);
    }
  }
  if (open !== undefined) {
    throw new KumaError("KUMA-TP-104", `Table ${open.name} of a rules text ends without COMMIT`);
  }
  return { family, tables };
}

function placedRule(words: readonly string[]): Rule | undefined {
  const [verb = "", chain = "", position = ""] = words;
  const insert = shortName(verb) === "-I";
  if (!insert && shortName(verb) !== "-A") return undefined;
  if (insert && !/^[1-9][0-9]*$/.test(position)) return undefined;
  const spec = parseRuleWords(words.slice(insert ? 3 : 2));
  if (spec === undefined) return undefined;
  return insert ? { chain, insertAt: Number(position), ...spec } : { chain, ...spec };
}
