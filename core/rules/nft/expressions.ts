/**
 * What the kernel is given for a rule: its expressions, each working on one register, as nft(8) itself
 * writes them (`nft --debug=netlink`). Data is bytes in hexadecimal.
 *
 * @module
 */
import type { Family, NumberRange } from "../../proxy/resolved.ts";
import { prefixBytes } from "../address.ts";
import {
  checkAddress,
  checkChain,
  checkInterface,
  checkLogPrefix,
  checkNumber,
  checkPort,
  checkUid,
} from "../grammar.ts";
import { hex, hexNumber } from "./elements.ts";
import type { NftMatch, NftRule, NftTarget, NftValue } from "./model.ts";

/** Numbers of linux/netfilter/nf_tables.h. */
export const META = { IIFNAME: 6, OIFNAME: 7, SKUID: 10, NFPROTO: 15, L4PROTO: 16 } as const;
/** See {@linkcode META}. */
export const CT = { STATE: 0, ZONE: 17 } as const;
/** See {@linkcode META}. */
export const CMP = { EQ: 0, NEQ: 1, LTE: 3, GTE: 5 } as const;
/** See {@linkcode META}. */
export const BASE = { NETWORK: 1, TRANSPORT: 2 } as const;
/** Verdicts; a jump is the only one with a chain. */
export const VERDICT = { DROP: 0, ACCEPT: 1, JUMP: -3, GOTO: -4, RETURN: -5 } as const;
/** `enum nfproto`. */
export const NFPROTO: Readonly<Record<Family, number>> = { ipv4: 2, ipv6: 10 };
/** IP protocol numbers. */
export const L4PROTO = { tcp: 6, udp: 17 } as const;
/** Bit of `ct state invalid` (nf_conntrack_common.h). */
const CT_INVALID = "01000000";

/** One expression. */
export type Expression =
  | { readonly name: "meta"; readonly key: number }
  | { readonly name: "ct"; readonly key: number; readonly set?: true }
  | {
    readonly name: "payload";
    readonly base: number;
    readonly offset: number;
    readonly length: number;
  }
  | { readonly name: "cmp"; readonly op: number; readonly data: string }
  | { readonly name: "bitwise"; readonly mask: string }
  /** From the machine's byte order to the network's, four bytes. */
  | { readonly name: "byteorder" }
  | { readonly name: "lookup"; readonly set: string }
  | { readonly name: "immediate"; readonly data: string }
  | { readonly name: "verdict"; readonly code: number; readonly chain?: string }
  | { readonly name: "redir" }
  /** Counts what has matched so far; what it has counted is no part of it. */
  | { readonly name: "counter" }
  | { readonly name: "log"; readonly prefix: string; readonly level: number }
  /** One that we never write: read from a rule that somebody else put into our table. */
  | { readonly name: "unknown"; readonly text: string };

/** What was made of a rule: a table is put in words and into bytes, and each pod that starts waits for both. */
const made = new WeakMap<NftRule, readonly Expression[]>();

/**
 * All expressions of a rule, with a counter behind its matches, as each rule of iptables has one: chains of NAT see
 * the first packet of a connection alone, and the others only match DNS and what is dropped. Throws KumaError
 * KUMA-TP-101 where a value cannot stand in a rule.
 */
export function expressionsOf(rule: NftRule): readonly Expression[] {
  let all = made.get(rule);
  if (all === undefined) {
    all = makeExpressions(rule);
    made.set(rule, all);
  }
  return all;
}

function makeExpressions({ family, matches, target }: NftRule): readonly Expression[] {
  const all: Expression[] = [];
  if (family !== undefined) {
    all.push({ name: "meta", key: META.NFPROTO }, equal(hexNumber(NFPROTO[family], 1)));
  }
  for (const match of matches) addMatch(all, match);
  all.push({ name: "counter" });
  addTarget(all, target);
  return all;
}

function equal(data: string, not?: true): Expression {
  return { name: "cmp", op: not === true ? CMP.NEQ : CMP.EQ, data };
}

function addMatch(all: Expression[], match: NftMatch): void {
  switch (match.kind) {
    case "protocol":
      all.push({ name: "meta", key: META.L4PROTO }, equal(hexNumber(L4PROTO[match.protocol], 1)));
      return;
    case "address":
      return addAddress(all, match.side, match.value, match.not);
    case "interface": {
      const key = match.side === "in" ? META.IIFNAME : META.OIFNAME;
      all.push({ name: "meta", key }, equal(interfaceData(checkInterface(match.name)), match.not));
      return;
    }
    case "port": {
      const offset = match.side === "source" ? 0 : 2;
      all.push({ name: "payload", base: BASE.TRANSPORT, offset, length: 2 });
      return addRange(all, match.value, portData, match.not);
    }
    case "uid":
      return addUid(all, match.value, match.not);
    case "invalid":
      all.push(
        { name: "ct", key: CT.STATE },
        { name: "bitwise", mask: CT_INVALID },
        equal("00000000", true),
      );
  }
}

function portData(port: number): string {
  return hexNumber(Number(checkPort(port)), 2);
}

function addAddress(
  all: Expression[],
  side: "source" | "destination",
  value: NftValue<string>,
  not: true | undefined,
): void {
  if ("set" in value) {
    const length = value.set.startsWith("ipv6") ? 16 : 4;
    all.push(loadAddress(side, length, length), { name: "lookup", set: value.set });
    return;
  }
  const { bytes, bits } = prefixBytes(value.one) ?? noAddress(value.one);
  // Whole bytes are compared alone, as nft does; else the rest is masked away.
  if (bits > 0 && bits % 8 === 0) {
    const length = bits / 8;
    all.push(loadAddress(side, bytes.length, length), equal(hex(bytes.slice(0, length)), not));
    return;
  }
  const mask = bytes.map((_, i) => 0xff00 >> Math.min(8, Math.max(0, bits - i * 8)) & 0xff);
  all.push(
    loadAddress(side, bytes.length, bytes.length),
    { name: "bitwise", mask: hex(mask) },
    equal(hex(bytes), not),
  );
}

/** The first `length` bytes of an address of `size` bytes. */
function loadAddress(side: "source" | "destination", size: number, length: number): Expression {
  const offset = size === 16 ? (side === "source" ? 8 : 24) : (side === "source" ? 12 : 16);
  return { name: "payload", base: BASE.NETWORK, offset, length };
}

function noAddress(text: string): never {
  checkAddress(text);
  checkAddress(`no address: ${text}`);
  throw new TypeError(text);
}

/** The kernel's `ifname` holds 16 bytes; a prefix is compared without what follows it. Names are ASCII. */
function interfaceData(name: string): string {
  const prefix = name.endsWith("+");
  const length = prefix ? name.length - 1 : name.length;
  let data = "";
  for (let i = 0; i < length; i++) data += hexNumber(name.charCodeAt(i), 1);
  return prefix ? data : data.padEnd(32, "0");
}

function addUid(all: Expression[], value: NftValue<NumberRange>, not: true | undefined): void {
  all.push({ name: "meta", key: META.SKUID });
  if ("one" in value && value.one.from === value.one.to) {
    const uid = Number(checkUid(value.one.from));
    // Little endian: the machine's byte order on every architecture that we build for.
    const data = hexNumber(
      ((uid & 0xff) << 24 | (uid & 0xff00) << 8 | uid >>> 8 & 0xff00 | uid >>> 24) >>> 0,
      4,
    );
    all.push(equal(data, not));
    return;
  }
  all.push({ name: "byteorder" });
  addRange(all, value, (uid) => hexNumber(Number(checkUid(uid)), 4), not);
}

function addRange(
  all: Expression[],
  value: NftValue<NumberRange>,
  write: (value: number) => string,
  not: true | undefined,
): void {
  if ("set" in value) {
    all.push({ name: "lookup", set: value.set });
    return;
  }
  const { from, to } = value.one;
  if (from === to) {
    all.push(equal(write(from), not));
    return;
  }
  checkNumber("end of a range", to, from, Number.MAX_SAFE_INTEGER);
  if (not === true) throw new TypeError("no rule of ours leaves out a range");
  all.push(
    { name: "cmp", op: CMP.GTE, data: write(from) },
    { name: "cmp", op: CMP.LTE, data: write(to) },
  );
}

function addTarget(all: Expression[], target: NftTarget): void {
  switch (target.kind) {
    case "jump":
      all.push({ name: "verdict", code: VERDICT.JUMP, chain: checkChain(target.chain) });
      return;
    case "return":
      all.push({ name: "verdict", code: VERDICT.RETURN });
      return;
    case "drop":
      all.push({ name: "verdict", code: VERDICT.DROP });
      return;
    case "redirect":
      all.push({ name: "immediate", data: portData(target.port) }, { name: "redir" });
      return;
    case "zone": {
      const zone = Number(checkNumber("conntrack zone", target.zone, 0, 65535));
      const data = hexNumber((zone & 0xff) << 8 | zone >> 8, 2);
      all.push({ name: "immediate", data }, { name: "ct", key: CT.ZONE, set: true });
      return;
    }
    case "log": {
      const level = Number(checkNumber("log level", target.level, 0, 7));
      all.push({ name: "log", prefix: checkLogPrefix(target.prefix), level });
    }
  }
}
