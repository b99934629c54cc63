/**
 * Rules as text for `iptables-restore`, in the form of Kuma 2.9: short names by default, long names and
 * headings where `verbose` asks for them. Every value is checked once more on its way out.
 *
 * @module
 */
import {
  checkAddress,
  checkChain,
  checkComment,
  checkInterface,
  checkLogPrefix,
  checkNumber,
  checkPort,
  checkUid,
  MULTIPORT_SLOTS,
} from "./grammar.ts";
import { COMMENT_PREFIX, type Match, type Rule, type Ruleset, type Table } from "./model.ts";
import { SHORT_TO_LONG } from "./option_names.ts";
import { quoteWord } from "./words.ts";
import type { NumberRange } from "../proxy/resolved.ts";

/** How the text is written. */
export interface RenderOptions {
  /** Long option names and headings. */
  readonly verbose?: boolean;
}

/**
 * The text of a whole ruleset; it ends with one line break. An empty ruleset is an empty text.
 *
 * @throws KumaError KUMA-TP-101 where a value is outside of the rule grammar.
 */
export function renderRestore(ruleset: Ruleset, options: RenderOptions = {}): string {
  if (ruleset.tables.length === 0) return "";
  const tables = ruleset.tables.map((table) => renderTable(table, options));
  return tables.join(options.verbose ? "\n\n" : "\n") + "\n";
}

function renderTable(table: Table, options: RenderOptions): string {
  const verb = options.verbose ? "--new-chain" : "-N";
  const chains = table.chains.map((chain) => `${verb} ${checkChain(chain)}`);
  const rules = table.rules.map((rule) => renderRule(rule, options));
  const head = `* ${checkChain(table.name)}`;
  if (!options.verbose) return [head, ...chains, ...rules, "COMMIT"].join("\n");
  const blocks = [head];
  if (chains.length > 0) blocks.push(["# Custom Chains:", ...chains].join("\n"));
  blocks.push(["# Rules:", ...rules].join("\n"), "COMMIT");
  return blocks.join("\n\n");
}

/** One rule line, such as `-A PREROUTING -p tcp -j KUMA_MESH_INBOUND`. Throws KUMA-TP-101. */
export function renderRule(rule: Rule, options: RenderOptions = {}): string {
  const chain = checkChain(rule.chain);
  const place = rule.insertAt === undefined
    ? ["-A", chain]
    : ["-I", chain, checkNumber("position", rule.insertAt, 1, 0x7fffffff)];
  const words = place.concat(ruleWords(rule, quoteWord));
  return options.verbose ? words.map(longName).join(" ") : words.join(" ");
}

/** What stands after the chain (and position): comment, matches, target. Throws KUMA-TP-101. */
export function renderRuleSpec(rule: Rule, options: RenderOptions = {}): string {
  const words = ruleWords(rule, quoteWord);
  return (options.verbose ? words.map(longName) : words).join(" ");
}

// Values never equal an option's name: none of them may start with a dash but a comment, which is quoted.
function longName(word: string): string {
  return SHORT_TO_LONG.get(word) ?? word;
}

/** The rule's words in short form, the comment written by `writeComment`. Throws KUMA-TP-101. */
export function ruleWords(rule: Rule, writeComment: (text: string) => string): string[] {
  const words: string[] = [];
  if (rule.comment !== undefined) {
    const comment = checkComment(COMMENT_PREFIX + rule.comment);
    words.push("-m", "comment", "--comment", writeComment(comment));
  }
  for (const match of rule.matches) words.push(...matchWords(match));
  words.push("-j", ...targetWords(rule));
  return words;
}

function matchWords(match: Match): string[] {
  switch (match.kind) {
    case "module":
      return ["-m", checkChain(match.name)];
    case "protocol":
      return ["-p", checkChain(match.protocol)];
    case "source":
      return option("-s", checkAddress(match.address), match.not);
    case "destination":
      return option("-d", checkAddress(match.address), match.not);
    case "inInterface":
      return option("-i", checkInterface(match.name), match.not);
    case "outInterface":
      return option("-o", checkInterface(match.name), match.not);
    case "sourcePort":
      return option("--sport", checkPort(match.port), match.not);
    case "destinationPort":
      return option("--dport", checkPort(match.port), match.not);
    case "destinationPorts":
      return ["--dport", portList(match.ports)];
    case "uidOwner":
      return ["-m", "owner", ...option("--uid-owner", range(match.uids, checkUid), match.not)];
    case "ctState":
      return ["-m", "conntrack", "--ctstate", checkChain(match.state)];
  }
}

function option(name: string, value: string, not: true | undefined): string[] {
  return not ? ["!", name, value] : [name, value];
}

function portList(ports: readonly NumberRange[]): string {
  const slots = ports.reduce((sum, { from, to }) => sum + (from === to ? 1 : 2), 0);
  checkNumber("number of multiport slots", slots, 1, MULTIPORT_SLOTS);
  return ports.map((port) => range(port, checkPort)).join(",");
}

function range({ from, to }: NumberRange, check: (value: number) => string): string {
  if (from === to) return check(from);
  checkNumber("end of a range", to, from, Number.MAX_SAFE_INTEGER);
  return `${check(from)}:${check(to)}`;
}

function targetWords({ target }: Rule): string[] {
  switch (target.kind) {
    case "jump":
      return [checkChain(target.chain)];
    case "return":
      return ["RETURN"];
    case "drop":
      return ["DROP"];
    case "redirect":
      return ["REDIRECT", "--to-ports", checkPort(target.port)];
    case "zone":
      return ["CT", "--zone", checkNumber("conntrack zone", target.zone, 0, 65535)];
    case "log": {
      // syslog's levels; iptables knows no other.
      const level = checkNumber("log level", target.level, 0, 7);
      return ["LOG", "--log-prefix", checkLogPrefix(target.prefix), "--log-level", level];
    }
  }
}
