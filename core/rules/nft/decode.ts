/**
 * What the kernel dumps, as the table that it holds.
 *
 * @module
 */
import {
  CHAIN,
  COUNTER,
  DATA,
  ELEMENT,
  ELEMENTS,
  EXPRESSION,
  FLAG,
  HOOK,
  HOOK_NUMBER,
  RULE,
  SET,
  TABLE,
  USERDATA,
} from "./attributes.ts";
import { disjoint, hex, hexNumber, KEY_LENGTH } from "./elements.ts";
import type { Count } from "../saved.ts";
import type { Expression } from "./expressions.ts";
import type { ImageChain, ImageRule, NftImage } from "./image.ts";
import type { NftBase, NftElement, NftSet, NftSetType } from "./model.ts";
import { attributesOf, type Bytes, decodeAttributes, numberOf, textOf } from "./wire.ts";

/** The dumped messages about one table, each as its attributes' bytes. */
export interface Dump {
  readonly table: Bytes;
  readonly chains: readonly Bytes[];
  readonly rules: readonly Bytes[];
  readonly sets: readonly Bytes[];
  readonly elements: readonly Bytes[];
}

/** The table that a dump describes. What we never write is kept as words, so that it is seen as a difference. */
export function decodeDump(dump: Dump): NftImage {
  const elements = Map.groupBy(
    dump.elements.map((bytes) => attributesOf(bytes)),
    (list) => optionalText(list.get(ELEMENTS.SET)),
  );
  const rules = Map.groupBy(dump.rules.map(decodeRule), ({ chain }) => chain);
  const note = attributesOf(dump.table).get(TABLE.USERDATA);
  return {
    fingerprint: note === undefined ? undefined : userdataText(note, USERDATA.FINGERPRINT),
    sets: dump.sets.map((bytes) => {
      const attributes = attributesOf(bytes);
      const name = optionalText(attributes.get(SET.NAME));
      return decodeSet(name, attributes, elements.get(name) ?? []);
    }),
    chains: dump.chains.map((bytes) => decodeChain(attributesOf(bytes), rules)),
  };
}

function decodeChain(
  attributes: Map<number, Bytes>,
  rules: Map<string, { rule: ImageRule }[]>,
): ImageChain {
  const name = optionalText(attributes.get(CHAIN.NAME));
  const hook = attributes.get(CHAIN.HOOK);
  const base = hook === undefined ? {} : {
    base: decodeBase(attributesOf(hook), optionalText(attributes.get(CHAIN.TYPE))),
  };
  return { name, ...base, rules: (rules.get(name) ?? []).map(({ rule }) => rule) };
}

function decodeBase(hook: Map<number, Bytes>, type: string): NftBase {
  const place = optionalNumber(hook.get(HOOK.NUMBER));
  const names = ["prerouting", "output"] as const;
  const name = names.find((one) => HOOK_NUMBER[one] === place) ?? `hook ${place}`;
  // Another type or hook than ours stays what it is: a difference.
  return { type, hook: name, priority: optionalNumber(hook.get(HOOK.PRIORITY)) } as NftBase;
}

function decodeRule(bytes: Bytes): { chain: string; rule: ImageRule } {
  const attributes = attributesOf(bytes);
  const list = attributes.get(RULE.EXPRESSIONS);
  const note = attributes.get(RULE.USERDATA);
  const comment = note === undefined ? undefined : userdataText(note, USERDATA.COMMENT);
  const parts = list === undefined
    ? []
    : decodeAttributes(list).map(({ value }) => attributesOf(value));
  const expressions = parts.map(decodeExpression);
  const counter = parts[expressions.findIndex(({ name }) => name === "counter")];
  const count = counter === undefined ? undefined : decodeCount(counter);
  return {
    chain: optionalText(attributes.get(RULE.CHAIN)),
    rule: {
      ...(comment === undefined ? {} : { comment }),
      expressions,
      ...(count === undefined ? {} : { count }),
    },
  };
}

function decodeCount(expression: Map<number, Bytes>): Count | undefined {
  const counter = attributesOf(expression.get(EXPRESSION.DATA) ?? new Uint8Array(0));
  const packets = counter.get(COUNTER.PACKETS), bytes = counter.get(COUNTER.BYTES);
  if (packets === undefined || bytes === undefined) return undefined;
  const number = ({ buffer, byteOffset }: Bytes): number =>
    Number(new DataView(buffer, byteOffset).getBigUint64(0, false));
  return { packets: number(packets), bytes: number(bytes) };
}

/** The text of one type of libnftnl's userdata. */
export function userdataText(bytes: Bytes, wanted: number): string | undefined {
  for (let at = 0; at + 2 <= bytes.length;) {
    const type = bytes[at], length = bytes[at + 1] ?? 0;
    if (type === wanted) return textOf(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return undefined;
}

function decodeExpression(expression: Map<number, Bytes>): Expression {
  const name = optionalText(expression.get(EXPRESSION.NAME));
  const bytes = expression.get(EXPRESSION.DATA) ?? new Uint8Array(0);
  const one = attributesOf(bytes);
  return known(name, one) ?? { name: "unknown", text: `${name} ${hex(bytes)}` };
}

/** The expression as we write it; undefined where it is one that we never write. */
function known(name: string, one: Map<number, Bytes>): Expression | undefined {
  const number = (type: number): number => optionalNumber(one.get(type));
  const value = (type: number): string => {
    const nested = one.get(type);
    const inner = nested === undefined ? undefined : attributesOf(nested).get(DATA.VALUE);
    return inner === undefined ? "" : hex(inner);
  };
  switch (name) {
    case "meta":
      return number(1) === 1 ? { name, key: number(2) } : undefined;
    case "ct":
      if (number(4) === 1) return { name, key: number(2), set: true };
      return number(1) === 1 ? { name, key: number(2) } : undefined;
    case "payload":
      if (number(1) !== 1) return undefined;
      return { name, base: number(2), offset: number(3), length: number(4) };
    case "cmp":
      return number(1) === 1 ? { name, op: number(2), data: value(3) } : undefined;
    case "bitwise":
      if (number(1) !== 1 || number(2) !== 1 || /[1-9a-f]/.test(value(5))) return undefined;
      return { name, mask: value(4) };
    case "byteorder":
      return [1, 1, 1, 4, 4].every((wanted, i) => number(i + 1) === wanted) ? { name } : undefined;
    case "lookup":
      // Turned round (NFT_LOOKUP_F_INV) or with data: not ours.
      if (number(2) !== 1 || number(5) > 0 || one.has(3)) return undefined;
      return { name, set: optionalText(one.get(1)) };
    case "immediate":
      return decodeImmediate(one, number(1), value(2));
    case "counter":
      return { name };
    case "redir":
      return number(1) === 1 && [1, -1].includes(number(2)) ? { name } : undefined;
    case "log":
      return one.has(1) ? undefined : { name, prefix: optionalText(one.get(2)), level: number(5) };
    default:
      return undefined;
  }
}

function decodeImmediate(
  one: Map<number, Bytes>,
  register: number,
  data: string,
): Expression | undefined {
  if (register === 1) return { name: "immediate", data };
  const nested = one.get(2);
  const bytes = nested === undefined ? undefined : attributesOf(nested).get(DATA.VERDICT);
  if (register !== 0 || bytes === undefined) return undefined;
  const verdict = attributesOf(bytes);
  const chain = verdict.get(2);
  const code = optionalNumber(verdict.get(1));
  return { name: "verdict", code, ...(chain === undefined ? {} : { chain: textOf(chain) }) };
}

function decodeSet(
  name: string,
  attributes: Map<number, Bytes>,
  lists: readonly Map<number, Bytes>[],
): NftSet {
  const length = optionalNumber(attributes.get(SET.KEY_LENGTH));
  const interval = (Math.max(0, optionalNumber(attributes.get(SET.FLAGS))) & FLAG.INTERVAL) !== 0;
  const keys = lists.flatMap((list) => {
    const elements = list.get(ELEMENTS.LIST);
    return elements === undefined
      ? []
      : decodeAttributes(elements).map(({ value }) => decodeElement(value));
  });
  return { name, type: setType(name, length), interval, elements: ranges(keys, interval, length) };
}

/** The type by the name that we gave; another length of the keys than it should have makes it no type of ours. */
function setType(name: string, length: number): NftSetType {
  const type = (["port", "ipv4", "ipv6", "uid"] as const).find((one) => name.startsWith(one));
  return type !== undefined && KEY_LENGTH[type] === length
    ? type
    : `keys of ${length} bytes` as NftSetType;
}

interface Key {
  readonly value: string;
  readonly end: boolean;
}

function decodeElement(bytes: Bytes): Key {
  const attributes = attributesOf(bytes);
  const key = attributes.get(ELEMENT.KEY);
  const inner = key === undefined ? undefined : attributesOf(key).get(DATA.VALUE);
  const flags = Math.max(0, optionalNumber(attributes.get(ELEMENT.FLAGS)));
  return { value: inner === undefined ? "" : hex(inner), end: (flags & FLAG.INTERVAL_END) !== 0 };
}

/** An interval set holds the first value of each range, and what follows its last one as its end. */
function ranges(keys: readonly Key[], interval: boolean, length: number): NftElement[] {
  const sorted = [...keys].sort((a, b) =>
    a.value < b.value ? -1 : a.value > b.value ? 1 : a.end ? -1 : 1
  );
  if (!interval) return sorted.map(({ value }) => ({ from: value, to: value }));
  const found: NftElement[] = [];
  for (const [index, key] of sorted.entries()) {
    if (key.end) continue;
    const next = sorted[index + 1];
    const to = next === undefined ? "f".repeat(length * 2) : before(next.value);
    found.push({ from: key.value, to });
  }
  return disjoint(found);
}

function before(value: string): string {
  return hexNumber(BigInt(`0x${value}`) - 1n, value.length / 2);
}

function optionalText(value: Bytes | undefined): string {
  return value === undefined ? "" : textOf(value);
}

/** -1 for what is missing: no number of ours. */
function optionalNumber(value: Bytes | undefined): number {
  return value === undefined || value.length < 4 ? -1 : numberOf(value);
}
