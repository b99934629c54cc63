/**
 * The table as text for `nft -f`: what a dry run shows. Applied by nft(8) it gives the very expressions that we
 * send to the kernel ourselves.
 *
 * @module
 */
import type { Family, NumberRange } from "../../proxy/resolved.ts";
import { canonicalAddress } from "../address.ts";
import { expressionsOf } from "./expressions.ts";
import {
  NFT_TABLE,
  type NftChain,
  type NftElement,
  type NftMatch,
  type NftRule,
  type NftSet,
  type NftSetType,
  type NftTable,
  type NftTarget,
  type NftValue,
} from "./model.ts";
import { quoteWord } from "../words.ts";

const SET_TYPE: Readonly<Record<NftSetType, string>> = {
  port: "inet_service",
  ipv4: "ipv4_addr",
  ipv6: "ipv6_addr",
  uid: "uid",
};
const LOG_LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];

/**
 * The whole text; it replaces the table in one transaction, as we do. It ends with one line break.
 *
 * @throws KumaError KUMA-TP-101 where a value cannot stand in a rule.
 */
export function renderNft(table: NftTable): string {
  const name = `inet ${NFT_TABLE}`;
  let text = `table ${name}\ndelete table ${name}\ntable ${name} {\n`;
  let gap = "";
  for (const set of table.sets) {
    text += gap + setText(set);
    gap = "\n";
  }
  for (const chain of table.chains) {
    text += gap + chainText(chain);
    gap = "\n";
  }
  return `${text}}\n`;
}

function setText({ name, type, interval, elements }: NftSet): string {
  const flags = interval ? "\t\tflags interval\n" : "";
  const values = elements.map((element) => elementText(type, element)).join(", ");
  return `\tset ${name} {\n\t\ttype ${SET_TYPE[type]}\n${flags}\t\telements = { ${values} }\n\t}\n`;
}

function chainText({ name, base, rules }: NftChain): string {
  let text = `\tchain ${name} {\n`;
  if (base !== undefined) {
    text += `\t\ttype ${base.type} hook ${base.hook} priority ${base.priority}; policy accept;\n`;
  }
  for (const rule of rules) text += `\t\t${renderNftRule(rule, true)}\n`;
  return `${text}\t}\n`;
}

/**
 * One rule, such as `ip saddr 10.0.0.0/8 tcp dport 22 return`. Throws KUMA-TP-101.
 *
 * @param counted with the counter that each of our rules has; a person who compares rules does not need to read it
 */
export function renderNftRule(rule: NftRule, counted = false): string {
  // The same checks as on the way to the kernel.
  expressionsOf(rule);
  const { matches, family, comment, target } = rule;
  // An address says its family itself, where nft adds the check: at the place of the address.
  const addressed = matches[0]?.kind === "address";
  let words = family !== undefined && !addressed ? `meta nfproto ${family} ` : "";
  for (let i = 0; i < matches.length; i++) words += matchText(matches, i, family);
  if (counted) words += "counter ";
  words += targetText(target);
  return comment === undefined ? words : `${words} comment ${quoteWord(comment)}`;
}

/** With a blank behind it; empty where another match says it. */
function matchText(all: readonly NftMatch[], at: number, family: Family | undefined): string {
  const match = all[at];
  switch (match?.kind) {
    case undefined:
      return "";
    case "protocol":
      // A port names its protocol itself.
      return all[at + 1]?.kind === "port" ? "" : `meta l4proto ${match.protocol} `;
    case "address": {
      const field = `${family === "ipv6" ? "ip6" : "ip"} ${short(match.side)}addr`;
      const value = "set" in match.value ? `@${match.value.set}` : addressText(match.value.one);
      return `${field} ${not(match)}${value} `;
    }
    case "interface": {
      const name = match.name.endsWith("+") ? `${match.name.slice(0, -1)}*` : match.name;
      return `${match.side === "in" ? "iifname" : "oifname"} ${not(match)}"${name}" `;
    }
    case "port": {
      const protocol = all.find((other) => other.kind === "protocol")?.protocol ?? "tcp";
      return `${protocol} ${short(match.side)}port ${not(match)}${rangeText(match.value)} `;
    }
    case "uid":
      return `meta skuid ${not(match)}${rangeText(match.value)} `;
    case "invalid":
      return "ct state invalid ";
  }
}

/** As it was typed, but for a dotted end of an IPv6 address, which nft does not read. */
function addressText(text: string): string {
  return text.includes(":") && text.includes(".") ? canonicalAddress(text) : text;
}

function short(side: "source" | "destination"): string {
  return side === "source" ? "s" : "d";
}

function not({ not }: { readonly not?: true }): string {
  return not === true ? "!= " : "";
}

function rangeText(value: NftValue<NumberRange>): string {
  if ("set" in value) return `@${value.set}`;
  const { from, to } = value.one;
  return from === to ? `${from}` : `${from}-${to}`;
}

function targetText(target: NftTarget): string {
  switch (target.kind) {
    case "jump":
      return `jump ${target.chain}`;
    case "return":
    case "drop":
      return target.kind;
    case "redirect":
      return `redirect to :${target.port}`;
    case "zone":
      return `ct zone set ${target.zone}`;
    case "log":
      return `log prefix "${target.prefix}" level ${LOG_LEVELS[target.level]}`;
  }
}

/** One element as nft writes it: a value, or a range. */
export function elementText(type: NftSetType, { from, to }: NftElement): string {
  const bytes = (value: string): number[] =>
    (value.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
  const write = (value: string): string => {
    if (type === "ipv4") return bytes(value).join(".");
    if (type === "ipv6") {
      return (value.match(/.{4}/g) ?? []).map((group) => parseInt(group, 16).toString(16)).join(
        ":",
      );
    }
    return `${parseInt(value, 16)}`;
  };
  return from === to ? write(from) : `${write(from)}-${write(to)}`;
}
