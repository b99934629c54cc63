/**
 * The words of one rule of ours, back to data.
 *
 * @module
 */
import type { NumberRange } from "core/proxy/resolved.ts";
import { COMMENT_PREFIX, type Match, type Rule, type Target } from "./model.ts";
import { shortName } from "./option_names.ts";

/** What a rule says without its place. */
export type RuleSpec = Omit<Rule, "chain" | "insertAt">;

/** Reads comment, matches and target from `words`; undefined where they are not a rule of ours. */
export function parseRuleWords(words: readonly string[]): RuleSpec | undefined {
  const reader = new Reader(words);
  const text = reader.take("-m", "comment", "--comment") ? reader.next() : COMMENT_PREFIX;
  if (!text.startsWith(COMMENT_PREFIX)) return undefined;
  const comment = text.slice(COMMENT_PREFIX.length);
  const matches: Match[] = [];
  let multiport = false;
  while (!reader.at("-j")) {
    const match = readMatch(reader, multiport);
    if (match === undefined) return undefined;
    if (match.kind === "module" && match.name === "multiport") multiport = true;
    matches.push(match);
  }
  reader.next();
  const target = readTarget(reader);
  if (target === undefined || !reader.ended) return undefined;
  return comment === "" ? { matches, target } : { comment, matches, target };
}

class Reader {
  #at = 0;

  constructor(private readonly words: readonly string[]) {}

  get ended(): boolean {
    return this.#at >= this.words.length;
  }

  /** Whether the next words are these, options in their short form. */
  at(...expected: string[]): boolean {
    return expected.every((word, i) => shortName(this.words[this.#at + i] ?? "") === word);
  }

  /** Takes these words if they come next. */
  take(...expected: string[]): boolean {
    if (!this.at(...expected)) return false;
    this.#at += expected.length;
    return true;
  }

  /** The next word; empty at the end. */
  next(): string {
    return this.words[this.#at++] ?? "";
  }
}

function readMatch(reader: Reader, multiport: boolean): Match | undefined {
  if (reader.take("-m")) return readModule(reader);
  const not = reader.take("!") ? { not: true } as const : {};
  const option = shortName(reader.next());
  const value = reader.next();
  if (value === "") return undefined;
  switch (option) {
    case "-p":
      return value === "tcp" || value === "udp" ? { kind: "protocol", protocol: value } : undefined;
    case "-s":
      return { kind: "source", address: value, ...not };
    case "-d":
      return { kind: "destination", address: value, ...not };
    case "-i":
      return { kind: "inInterface", name: value, ...not };
    case "-o":
      return { kind: "outInterface", name: value, ...not };
    case "--sport":
      return number(value, (port) => ({ kind: "sourcePort", port, ...not }));
    case "--dport":
      if (multiport) return portList(value);
      return number(value, (port) => ({ kind: "destinationPort", port, ...not }));
    default:
      return undefined;
  }
}

function readModule(reader: Reader): Match | undefined {
  const not = reader.at("owner", "!", "--uid-owner");
  if (not ? reader.take("owner", "!", "--uid-owner") : reader.take("owner", "--uid-owner")) {
    const uids = range(reader.next());
    if (uids === undefined) return undefined;
    return not ? { kind: "uidOwner", uids, not } : { kind: "uidOwner", uids };
  }
  if (reader.take("conntrack", "--ctstate", "INVALID")) {
    return { kind: "ctState", state: "INVALID" };
  }
  const name = reader.next();
  const known = name === "udp" || name === "multiport" || name === "owner";
  return known ? { kind: "module", name } : undefined;
}

function readTarget(reader: Reader): Target | undefined {
  const name = reader.next();
  switch (name) {
    case "":
      return undefined;
    case "RETURN":
      return { kind: "return" };
    case "DROP":
      return { kind: "drop" };
    case "REDIRECT":
      if (!reader.take("--to-ports")) return undefined;
      return number(reader.next(), (port) => ({ kind: "redirect", port }));
    case "CT":
      if (!reader.take("--zone")) return undefined;
      return number(reader.next(), (zone) => ({ kind: "zone", zone }));
    case "LOG": {
      if (!reader.take("--log-prefix")) return undefined;
      const prefix = reader.next();
      if (!reader.take("--log-level")) return undefined;
      return number(reader.next(), (level) => ({ kind: "log", prefix, level }));
    }
    default:
      return { kind: "jump", chain: name };
  }
}

function number<T>(text: string, make: (value: number) => T): T | undefined {
  return /^[0-9]+$/.test(text) ? make(Number(text)) : undefined;
}

function range(text: string): NumberRange | undefined {
  if (!/^[0-9]+(?::[0-9]+)?$/.test(text)) return undefined;
  const [from, to = from] = text.split(":").map(Number);
  return from === undefined || to === undefined ? undefined : { from, to };
}

function portList(text: string): Match | undefined {
  const ports = text.split(",").map(range).filter((port) => port !== undefined);
  return ports.length === text.split(",").length ? { kind: "destinationPorts", ports } : undefined;
}
