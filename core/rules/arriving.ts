/**
 * What the filter rules of others do with a connection that arrives for a port of this host. What is redirected comes
 * to them with the port that it was redirected to, so that a firewall that lets only known ports in drops it.
 *
 * Only what can be known without a packet counts: a match on anything else (addresses, marks, sets) may hold or not.
 *
 * @module
 */
import { rulesOf, type SavedRule, type SavedState, type SavedTable } from "./saved.ts";
import { shortName } from "./option_names.ts";
import { splitWords } from "./words.ts";

/** `some`: it depends on where the connection comes from, or on what else cannot be known. */
export type Arrival = "accepted" | "some" | "dropped";

type End = "accept" | "drop" | "through";
type Holds = "yes" | "no" | "perhaps";

/** Chains that call each other deeper than this are not followed. */
const DEEPEST = 32;

/** What the chain INPUT of table filter does with a new TCP connection to `port` that comes from elsewhere. */
export function arrivalOf(saved: SavedState, port: number): Arrival {
  const table = saved.tables.find(({ name }) => name === "filter");
  const policy = table?.chains.find(({ name }) => name === "INPUT")?.policy;
  if (table === undefined || policy === undefined) return "accepted";
  const walker = new Walker(table, port);
  const inThe = (ends: ReadonlySet<End>, end: "accept" | "drop") =>
    ends.has(end) || ends.has("through") && (policy === "DROP" ? "drop" : "accept") === end;
  // Where nothing of what cannot be known holds, this is what becomes of most.
  if (inThe(walker.ends("INPUT", false), "accept")) return "accepted";
  return inThe(walker.ends("INPUT", true), "accept") ? "some" : "dropped";
}

class Walker {
  readonly #known = new Map<string, ReadonlySet<End>>();

  constructor(readonly table: SavedTable, readonly port: number) {}

  /** How a packet may leave a chain; `perhaps`: whether matches that cannot be known may hold. */
  ends(chain: string, perhaps: boolean, depth = 0): ReadonlySet<End> {
    const key = `${chain} ${perhaps}`;
    const known = this.#known.get(key);
    if (known !== undefined || depth > DEEPEST) return known ?? new Set(["through"]);
    const ends = this.#walk(chain, perhaps, depth);
    this.#known.set(key, ends);
    return ends;
  }

  #walk(chain: string, perhaps: boolean, depth: number): Set<End> {
    const ends = new Set<End>();
    for (const rule of rulesOf(this.table, chain)) {
      const holds = this.#holds(rule);
      if (holds === "no" || holds === "perhaps" && !perhaps) continue;
      const target = this.#target(rule, perhaps, depth);
      for (const end of target) if (end !== "through" || rule.target === "RETURN") ends.add(end);
      const goesOn = target.has("through") && rule.target !== "RETURN";
      if (holds === "yes" && !goesOn) return ends;
    }
    return ends.add("through");
  }

  #target({ target = "" }: SavedRule, perhaps: boolean, depth: number): ReadonlySet<End> {
    if (target === "ACCEPT") return new Set(["accept"]);
    if (target === "DROP" || target === "REJECT") return new Set(["drop"]);
    const called = this.table.chains.some(({ name, builtin }) => name === target && !builtin);
    return called ? this.ends(target, perhaps, depth + 1) : new Set(["through"]);
  }

  #holds({ text }: SavedRule): Holds {
    const words = splitWords(text);
    let answer: Holds = "yes";
    for (let at = 0; at < words.length; at++) {
      const not = words[at] === "!";
      if (not) at++;
      const option = shortName(words[at] ?? "");
      if (option === "-j" || option === "-g") break;
      const holds = this.#option(option, words[at + 1] ?? "");
      if (option.startsWith("-") && TAKES_VALUE.test(words[at + 1] ?? "")) at++;
      if (holds === (not ? "yes" : "no")) return "no";
      if (holds === "perhaps") answer = "perhaps";
    }
    return answer;
  }

  #option(option: string, value: string): Holds {
    switch (option) {
      case "-p":
        return yes(["tcp", "6", "all", "0"].includes(value));
      case "-i":
        return value === "lo" ? "no" : "perhaps";
      case "--dport":
      case "--dports":
      case "--destination-ports":
        return yes(value.split(",").some((part) => this.#inRange(part)));
      case "--ctstate":
      case "--state":
        return yes(value.split(",").includes("NEW"));
      case "-m":
        return MODULES.has(value) ? "yes" : "perhaps";
      case "--comment":
      case "--syn":
        return "yes";
      default:
        return "perhaps";
    }
  }

  #inRange(part: string): boolean {
    const [from = NaN, to = from] = part.split(":").map(Number);
    return from <= this.port && this.port <= to;
  }
}

/** Matches that say nothing by their name alone. */
const MODULES = new Set(["tcp", "multiport", "comment", "conntrack", "state"]);
/** What is no option is the value of the one before it. */
const TAKES_VALUE = /^(?!-|!$)/;

function yes(holds: boolean): Holds {
  return holds ? "yes" : "no";
}
