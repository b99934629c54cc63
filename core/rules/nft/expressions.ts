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

/**
 * All expressions of a rule, with a counter behind its matches, as each rule of iptables has one: chains of NAT see
 * the first packet of a connection alone, and the others only match DNS and what is dropped. Throws KumaError
 * KUMA-TP-101 where a value cannot stand in a rule.
 */
export function expressionsOf(rule: NftRule): Expression[] {
  const guard: Expression[] = rule.family === undefined
    ? []
    : [{ name: "meta", key: META.NFPROTO }, equal(hexNumber(NFPROTO[rule.family], 1))];
  return [
    ...guard,
    ...rule.matches.flatMap((match) => matchExpressions(match)),
    { name: "counter" },
    ...targetExpressions(rule.target),
  ];
}

function equal(data: string, not?: true): Expression {
  return { name: "cmp", op: not === true ? CMP.NEQ : CMP.EQ, data };
}

function matchExpressions(match: NftMatch): Expression[] {
  switch (match.kind) {
    case "protocol":
      return [{ name: "meta", key: META.L4PROTO }, equal(hexNumber(L4PROTO[match.protocol], 1))];
    case "address":
      return addressExpressions(match.side, match.value, match.not);
    case "interface":
      return [
        { name: "meta", key: match.side === "in" ? META.IIFNAME : META.OIFNAME },
        equal(interfaceData(checkInterface(match.name)), match.not),
      ];
    case "port": {
      const offset = match.side === "source" ? 0 : 2;
      return [
        { name: "payload", base: BASE.TRANSPORT, offset, length: 2 },
        ...rangeExpressions(
          match.value,
          (port) => hexNumber(Number(checkPort(port)), 2),
          match.not,
        ),
      ];
    }
    case "uid":
      return uidExpressions(match.value, match.not);
    case "invalid":
      return [
        { name: "ct", key: CT.STATE },
        { name: "bitwise", mask: CT_INVALID },
        equal("00000000", true),
      ];
  }
}

function addressExpressions(
  side: "source" | "destination",
  value: NftValue<string>,
  not: true | undefined,
): Expression[] {
  const v6Offset = side === "source" ? 8 : 24, v4Offset = side === "source" ? 12 : 16;
  const load = (bytes: number, length: number): Expression => ({
    name: "payload",
    base: BASE.NETWORK,
    offset: bytes === 16 ? v6Offset : v4Offset,
    length,
  });
  if ("set" in value) {
    return [load(value.set.startsWith("ipv6") ? 16 : 4, value.set.startsWith("ipv6") ? 16 : 4), {
      name: "lookup",
      set: value.set,
    }];
  }
  const { bytes, bits } = prefixBytes(checkAddress(value.one)) ?? noAddress(value.one);
  // Whole bytes are compared alone, as nft does; else the rest is masked away.
  const whole = bits > 0 && bits % 8 === 0;
  if (whole) return [load(bytes.length, bits / 8), equal(hex(bytes.slice(0, bits / 8)), not)];
  const mask = bytes.map((_, i) => 0xff00 >> Math.min(8, Math.max(0, bits - i * 8)) & 0xff);
  return [
    load(bytes.length, bytes.length),
    { name: "bitwise", mask: hex(mask) },
    equal(hex(bytes), not),
  ];
}

function noAddress(text: string): never {
  checkAddress(`no address: ${text}`);
  throw new TypeError(text);
}

/** The kernel's `ifname` holds 16 bytes; a prefix is compared without what follows it. */
function interfaceData(name: string): string {
  const prefix = name.endsWith("+");
  const bytes = new TextEncoder().encode(prefix ? name.slice(0, -1) : name);
  return prefix ? hex(bytes) : hex(bytes).padEnd(32, "0");
}

function uidExpressions(value: NftValue<NumberRange>, not: true | undefined): Expression[] {
  const load: Expression = { name: "meta", key: META.SKUID };
  if ("one" in value && value.one.from === value.one.to) {
    // Little endian: the machine's byte order on every architecture that we build for.
    const data = hexNumber(Number(checkUid(value.one.from)), 4).match(/../g) ?? [];
    return [load, equal(data.reverse().join(""), not)];
  }
  const big = (uid: number): string => hexNumber(Number(checkUid(uid)), 4);
  return [load, { name: "byteorder" }, ...rangeExpressions(value, big, not)];
}

function rangeExpressions(
  value: NftValue<NumberRange>,
  write: (value: number) => string,
  not: true | undefined,
): Expression[] {
  if ("set" in value) return [{ name: "lookup", set: value.set }];
  const { from, to } = value.one;
  if (from === to) return [equal(write(from), not)];
  checkNumber("end of a range", to, from, Number.MAX_SAFE_INTEGER);
  if (not === true) throw new TypeError("no rule of ours leaves out a range");
  return [
    { name: "cmp", op: CMP.GTE, data: write(from) },
    { name: "cmp", op: CMP.LTE, data: write(to) },
  ];
}

function targetExpressions(target: NftTarget): Expression[] {
  switch (target.kind) {
    case "jump":
      return [{ name: "verdict", code: VERDICT.JUMP, chain: checkChain(target.chain) }];
    case "return":
      return [{ name: "verdict", code: VERDICT.RETURN }];
    case "drop":
      return [{ name: "verdict", code: VERDICT.DROP }];
    case "redirect":
      return [
        { name: "immediate", data: hexNumber(Number(checkPort(target.port)), 2) },
        { name: "redir" },
      ];
    case "zone": {
      const zone = Number(checkNumber("conntrack zone", target.zone, 0, 65535));
      const data = hexNumber((zone & 0xff) << 8 | zone >> 8, 2);
      return [{ name: "immediate", data }, { name: "ct", key: CT.ZONE, set: true }];
    }
    case "log": {
      const level = Number(checkNumber("log level", target.level, 0, 7));
      return [{ name: "log", prefix: checkLogPrefix(target.prefix), level }];
    }
  }
}
