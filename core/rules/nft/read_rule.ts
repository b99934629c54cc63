/**
 * The expressions that the kernel holds, back to the rule that a person reads: the inverse of `expressions.ts`.
 *
 * @module
 */
import type { Family, NumberRange } from "../../proxy/resolved.ts";
import { addressText } from "../../bpf/address.ts";
import { BASE, CMP, CT, type Expression, META, VERDICT } from "./expressions.ts";
import type { ImageRule } from "./image.ts";
import type { NftMatch, NftRule, NftTarget, NftValue } from "./model.ts";

/** Reads one rule; undefined where it says anything that we never write. */
export function ruleOf({ comment, expressions }: ImageRule): NftRule | undefined {
  const reader = new Reader(expressions);
  const family = readFamily(reader);
  const matches: NftMatch[] = [];
  let target: NftTarget | undefined;
  while ((target = readTarget(reader)) === undefined) {
    const match = readMatch(reader, family);
    if (match === undefined) return undefined;
    matches.push(match);
  }
  if (!reader.ended) return undefined;
  return {
    ...(family === undefined ? {} : { family }),
    ...(comment === undefined ? {} : { comment }),
    matches,
    target,
  };
}

type Named<N extends Expression["name"]> = Extract<Expression, { readonly name: N }>;

class Reader {
  #at = 0;

  constructor(private readonly expressions: readonly Expression[]) {}

  get ended(): boolean {
    return this.#at >= this.expressions.length;
  }

  /** Takes the next expression where it is of this name and passes. */
  take<N extends Expression["name"]>(
    name: N,
    passes: (one: Named<N>) => boolean = () => true,
  ): Named<N> | undefined {
    const one = this.expressions[this.#at];
    if (one?.name !== name || !passes(one as Named<N>)) return undefined;
    this.#at++;
    return one as Named<N>;
  }
}

const FAMILY_BY_DATA: Readonly<Record<string, Family>> = { "02": "ipv4", "0a": "ipv6" };
const PROTOCOL_BY_DATA: Readonly<Record<string, "tcp" | "udp">> = { "06": "tcp", "11": "udp" };

function readFamily(reader: Reader): Family | undefined {
  if (reader.take("meta", ({ key }) => key === META.NFPROTO) === undefined) return undefined;
  const cmp = reader.take("cmp", ({ op, data }) => op === CMP.EQ && data in FAMILY_BY_DATA);
  return FAMILY_BY_DATA[cmp?.data ?? ""];
}

function readMatch(reader: Reader, family: Family | undefined): NftMatch | undefined {
  const meta = reader.take("meta");
  if (meta !== undefined) return readMeta(reader, meta.key);
  if (reader.take("ct", ({ key, set }) => key === CT.STATE && set !== true) !== undefined) {
    const invalid = reader.take("bitwise", ({ mask }) => mask === "01000000") !== undefined &&
      reader.take("cmp", ({ op, data }) => op === CMP.NEQ && data === "00000000") !== undefined;
    return invalid ? { kind: "invalid" } : undefined;
  }
  const load = reader.take("payload");
  if (load?.base === BASE.NETWORK) return readAddress(reader, load, family);
  if (load?.base !== BASE.TRANSPORT || load.length !== 2) return undefined;
  const side = load.offset === 0 ? "source" : load.offset === 2 ? "destination" : undefined;
  const range = readRange(reader);
  return side === undefined || range === undefined ? undefined : { kind: "port", side, ...range };
}

function readMeta(reader: Reader, key: number): NftMatch | undefined {
  switch (key) {
    case META.L4PROTO: {
      const cmp = reader.take("cmp", ({ op }) => op === CMP.EQ);
      const protocol = PROTOCOL_BY_DATA[cmp?.data ?? ""];
      return protocol === undefined ? undefined : { kind: "protocol", protocol };
    }
    case META.IIFNAME:
    case META.OIFNAME: {
      const cmp = readEqual(reader);
      if (cmp === undefined) return undefined;
      const side = key === META.IIFNAME ? "in" : "out";
      return { kind: "interface", side, name: interfaceName(cmp.data), ...cmp.not };
    }
    case META.SKUID: {
      const ordered = reader.take("byteorder") !== undefined;
      const range = ordered ? readRange(reader) : readRange(reader, reversed);
      return range === undefined ? undefined : { kind: "uid", ...range };
    }
    default:
      return undefined;
  }
}

function readEqual(reader: Reader): { data: string; not: { not?: true } } | undefined {
  const cmp = reader.take("cmp", ({ op }) => op === CMP.EQ || op === CMP.NEQ);
  if (cmp === undefined) return undefined;
  return { data: cmp.data, not: cmp.op === CMP.NEQ ? { not: true } : {} };
}

function readRange(
  reader: Reader,
  ordered: (data: string) => string = (data) => data,
): { value: NftValue<NumberRange>; not?: true } | undefined {
  const set = reader.take("lookup")?.set;
  if (set !== undefined) return { value: { set } };
  const number = (data: string) => parseInt(ordered(data), 16);
  const from = reader.take("cmp", ({ op }) => op === CMP.GTE);
  if (from !== undefined) {
    const to = reader.take("cmp", ({ op }) => op === CMP.LTE);
    if (to === undefined) return undefined;
    return { value: { one: { from: number(from.data), to: number(to.data) } } };
  }
  const equal = readEqual(reader);
  if (equal === undefined) return undefined;
  const one = number(equal.data);
  return { value: { one: { from: one, to: one } }, ...equal.not };
}

const OFFSETS: Readonly<Record<Family, readonly [source: number, destination: number]>> = {
  ipv4: [12, 16],
  ipv6: [8, 24],
};

function readAddress(
  reader: Reader,
  { offset, length }: Named<"payload">,
  family: Family | undefined,
): NftMatch | undefined {
  if (family === undefined) return undefined;
  const at = OFFSETS[family].indexOf(offset);
  const side = at === 0 ? "source" : at === 1 ? "destination" : undefined;
  if (side === undefined) return undefined;
  const set = reader.take("lookup")?.set;
  if (set !== undefined) return { kind: "address", side, value: { set } };
  const mask = reader.take("bitwise")?.mask;
  const equal = readEqual(reader);
  if (equal === undefined) return undefined;
  const bits = mask === undefined ? length * 8 : leadingOnes(mask);
  if (bits === undefined) return undefined;
  const one = prefixText(equal.data, bits, family);
  return { kind: "address", side, value: { one }, ...equal.not };
}

/** `10.0.0.0/8` of `0a` and 8 bits, or of `0a000000`. */
function prefixText(data: string, bits: number, family: Family): string {
  const whole = data.padEnd(family === "ipv4" ? 8 : 32, "0");
  const bytes = (whole.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
  // An IPv4 address stands in an IPv6 one (RFC 4291, 2.5.5.2).
  const mapped = family === "ipv4"
    ? [...new Array<number>(10).fill(0), 0xff, 0xff, ...bytes]
    : bytes;
  const text = addressText(Uint8Array.from(mapped));
  return `${family === "ipv6" && !text.includes(":") ? `::ffff:${text}` : text}/${bits}`;
}

function leadingOnes(mask: string): number | undefined {
  const digits = BigInt(`0x${mask}`).toString(2).padStart(mask.length * 4, "0");
  return /^1*0*$/.test(digits) ? digits.replaceAll("0", "").length : undefined;
}

/** Sixteen bytes are a whole name; fewer are its beginning. */
function interfaceName(data: string): string {
  const bytes = (data.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
  const name = new TextDecoder().decode(Uint8Array.from(bytes.filter((byte) => byte !== 0)));
  return data.length === 32 ? name : `${name}+`;
}

function readTarget(reader: Reader): NftTarget | undefined {
  // Whether a rule counts is no matter of what it does.
  reader.take("counter");
  const verdict = reader.take("verdict");
  if (verdict !== undefined) {
    if (verdict.code === VERDICT.RETURN) return { kind: "return" };
    if (verdict.code === VERDICT.DROP) return { kind: "drop" };
    const jumps = verdict.code === VERDICT.JUMP && verdict.chain !== undefined;
    return jumps ? { kind: "jump", chain: verdict.chain ?? "" } : undefined;
  }
  const log = reader.take("log");
  if (log !== undefined) return { kind: "log", prefix: log.prefix, level: log.level };
  const data = reader.take("immediate")?.data;
  if (data === undefined) return undefined;
  if (reader.take("redir") !== undefined) return { kind: "redirect", port: parseInt(data, 16) };
  const zone = reader.take("ct", ({ key, set }) => key === CT.ZONE && set === true);
  return zone === undefined ? undefined : { kind: "zone", zone: parseInt(reversed(data), 16) };
}

function reversed(data: string): string {
  return (data.match(/../g) ?? []).reverse().join("");
}
