/**
 * One form for all spellings of a rule, so that what we would write can be compared with what
 * `iptables-save` lists. What iptables 1.8 changes on the way, seen with 1.8.9, nft and legacy:
 *
 * - the order of options, and `-m tcp`, `-m udp` added where `-p` implied them;
 * - `10.1.2.3/8` becomes `10.0.0.0/8`, a plain address gets `/32` or `/128`, IPv6 text is compressed,
 *   `/0` is left out unless it is negated; an interface `+` is left out;
 * - `--dport` of a multiport match becomes `--dports`, UIDs `106:108` become `106-108`;
 * - `--log-level 4` is left out, quotes come around log prefixes and comments.
 *
 * @module
 */
import { canonicalAddress } from "./address.ts";
import type { Rule } from "./model.ts";
import { shortName } from "./option_names.ts";
import { ruleWords } from "./render.ts";
import { quoteWord } from "./words.ts";

/** Matches that say nothing by their name alone: their options tell that they are there. */
const IMPLIED = new Set(["tcp", "udp", "multiport", "owner", "comment", "conntrack"]);

const PROTOCOLS: Record<string, string> = { "6": "tcp", "17": "udp", "0": "all" };
const LEVELS: Record<string, string> = {
  emerg: "0",
  panic: "0",
  alert: "1",
  crit: "2",
  err: "3",
  error: "3",
  warning: "4",
  warn: "4",
  notice: "5",
  info: "6",
  debug: "7",
};
const DEFAULT_LOG_LEVEL = "4";

/** One option of a rule with its values, `not` for a `!` ahead of it. */
interface Option {
  readonly not: boolean;
  readonly name: string;
  readonly values: readonly string[];
}

/** The canonical form of a rule of ours, chain and position aside. Throws KUMA-TP-101 as rendering does. */
export function canonicalRule(rule: Rule): string {
  return canonicalWords(ruleWords(rule, (text) => text));
}

/** The canonical form of a rule's words (without quotes). Never throws; unknown options are kept as is. */
export function canonicalWords(words: readonly string[]): string {
  const options = group(words);
  const multiport = options.some((option) => isMatch(option, "multiport"));
  const parts: string[] = [];
  for (const option of options) {
    const part = write(option, multiport);
    if (part !== undefined) parts.push(part);
  }
  return parts.sort().join(" ");
}

const FIRST = ["-s", "-d", "-i", "-o", "-p"];

/**
 * The words in the order in which `iptables-save` lists them, so that a rule that is to come reads as one that is
 * there; addresses keep their spelling.
 */
export function listedText(words: readonly string[]): string {
  const options = group(words);
  const place = ({ name }: Option) => (FIRST.indexOf(name) + FIRST.length) % FIRST.length;
  const first = options.filter(({ name }) => FIRST.includes(name))
    .sort((a, b) => place(a) - place(b));
  const rest = options.filter(({ name }) => !FIRST.includes(name));
  const multiport = options.some((option) => isMatch(option, "multiport"));
  const protocol = first.find(({ name }) => name === "-p")?.values[0] ?? "tcp";
  const at = rest.findIndex(({ name }) => name === "--dport" || name === "--sport");
  const implied = at >= 0 && !multiport && !rest.some((option) => isMatch(option, protocol));
  const module: Option[] = implied ? [{ not: false, name: "-m", values: [protocol] }] : [];
  return [...first, ...rest.toSpliced(at, 0, ...module)].map(({ not, name, values }) =>
    [
      ...not ? ["!"] : [],
      multiport ? pluralPorts(name) : name,
      ...values.map((value) =>
        quoteIfNeeded(name === "--uid-owner" ? value.replace(":", "-") : value)
      ),
    ].join(" ")
  ).join(" ");
}

/** Parts words into options: a word with a dash starts one, what follows belongs to it. */
function group(words: readonly string[]): Option[] {
  const options: { not: boolean; name: string; values: string[] }[] = [];
  let not = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const last = options.at(-1);
    // A comment or prefix may look like an option: it is what stands right after its name.
    if ((last?.name === "--comment" || last?.name === "--log-prefix") && last.values.length === 0) {
      last.values.push(word);
    } else if (word === "!" && (words[i + 1] ?? "").startsWith("-")) not = true;
    else if (word.startsWith("-") || last === undefined) {
      options.push({ not, name: shortName(word), values: [] });
      not = false;
    } else last.values.push(word);
  }
  return options;
}

function isMatch(option: Option, name: string): boolean {
  return option.name === "-m" && option.values[0] === name;
}

function write(option: Option, multiport: boolean): string | undefined {
  const { not, values: [first = "", ...rest] } = option;
  if (option.name === "-m" && IMPLIED.has(first)) return undefined;
  const name = multiport ? pluralPorts(option.name) : option.name;
  const value = canonicalValue(name, first, not);
  if (value === undefined) return undefined;
  const values = [value, ...rest].map(quoteIfNeeded);
  return `${not ? "! " : ""}${name} ${values.join(" ")}`;
}

function pluralPorts(name: string): string {
  return name === "--dport" || name === "--sport" ? `${name}s` : name;
}

/** One value in its one spelling; undefined where the option says nothing. */
function canonicalValue(name: string, value: string, not: boolean): string | undefined {
  switch (name) {
    case "-s":
    case "-d": {
      const address = canonicalAddress(value);
      return address.endsWith("/0") && !not ? undefined : address;
    }
    case "-i":
    case "-o":
      return value === "+" && !not ? undefined : value;
    case "-p": {
      const protocol = PROTOCOLS[value] ?? value.toLowerCase();
      return protocol === "all" ? undefined : protocol;
    }
    case "--uid-owner":
    case "--gid-owner":
      return singleRange(value.replace(":", "-"), "-");
    case "--dport":
    case "--sport":
    case "--dports":
    case "--sports":
      return value.split(",").map((port) => singleRange(port, ":")).join(",");
    case "--log-level": {
      const level = LEVELS[value.toLowerCase()] ?? value;
      return level === DEFAULT_LOG_LEVEL ? undefined : level;
    }
    default:
      return value;
  }
}

function singleRange(text: string, separator: string): string {
  const [from = "", to] = text.split(separator);
  return to === from ? from : text;
}

function quoteIfNeeded(value: string): string {
  return /^[^\s"\\]+$/.test(value) ? value : quoteWord(value);
}
