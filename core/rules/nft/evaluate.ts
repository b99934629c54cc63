/**
 * The kernel's nf_tables machine for the expressions that we write, on a table as the kernel holds it.
 *
 * @module
 */
import { prefixBytes } from "../address.ts";
import { hex, hexNumber } from "./elements.ts";
import { CMP, type Expression, L4PROTO, META, NFPROTO, VERDICT } from "./expressions.ts";
import type { ImageChain, ImageRule, NftImage } from "./image.ts";
import type { Packet, Verdict } from "../packet.ts";

/** A rule that a packet matched on its way, with its chain. */
export interface NftStep {
  readonly chain: string;
  readonly rule: ImageRule;
}

/** A verdict, with the rules that led to it. */
export interface NftExplained extends Verdict {
  readonly dropped: boolean;
  readonly steps: readonly NftStep[];
}

interface State {
  readonly image: NftImage;
  readonly packet: Packet;
  readonly steps: NftStep[];
  readonly verdict: { redirect?: number; zone?: number };
}

/**
 * What the table does with a packet. Chains of type nat are not asked any more once one redirected.
 *
 * @throws {Error} where it meets an expression that we never write.
 */
export function evaluateNft(image: NftImage, packet: Packet): NftExplained {
  const state: State = { image, packet, steps: [], verdict: {} };
  let dropped = false;
  const bases = image.chains.filter(({ base }) => base?.hook === packet.hook)
    .sort((a, b) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0));
  for (const chain of bases) {
    if (chain.base?.type === "nat" && state.verdict.redirect !== undefined) continue;
    dropped = walk(chain, state) === "drop";
    if (dropped) break;
  }
  const { verdict: { redirect, zone }, steps } = state;
  return { redirect, zone, dropped, steps };
}

type End = "continue" | "return" | "done" | "drop";

function walk(chain: ImageChain, state: State): End {
  for (const rule of chain.rules) {
    const end = run({ chain: chain.name, rule }, state);
    if (end === "return") return "continue";
    if (end !== "continue") return end;
  }
  return "continue";
}

function run(step: NftStep, state: State): End {
  let register: string | undefined;
  for (const one of step.rule.expressions) {
    switch (one.name) {
      case "meta":
        register = metaOf(one.key, state.packet);
        break;
      case "payload":
        register = payloadOf(one, state.packet);
        break;
      case "ct":
        if (one.set) {
          state.steps.push(step);
          state.verdict.zone ??= parseInt(reversed(register ?? ""), 16);
        } else register = "00000000";
        break;
      case "byteorder":
        register = reversed(register ?? "");
        break;
      case "bitwise":
        register = and(register ?? "", one.mask);
        break;
      case "cmp":
        if (!compares(one.op, register?.slice(0, one.data.length), one.data)) return "continue";
        break;
      case "lookup": {
        const set = state.image.sets.find(({ name }) => name === one.set);
        const value = register ?? "";
        if (!set?.elements.some(({ from, to }) => from <= value && value <= to)) return "continue";
        break;
      }
      case "immediate":
        register = one.data;
        break;
      case "redir":
        state.steps.push(step);
        state.verdict.redirect = parseInt(register ?? "", 16);
        return "done";
      case "counter":
        continue;
      case "log":
        state.steps.push(step);
        return "continue";
      case "verdict":
        state.steps.push(step);
        return verdict(one, state);
      case "unknown":
        throw new Error(one.text);
    }
    // An expression that finds nothing to load ends its rule (NFT_BREAK).
    if (register === undefined) return "continue";
  }
  return "continue";
}

function verdict({ code, chain: name }: Expression & { name: "verdict" }, state: State): End {
  if (code === VERDICT.RETURN) return "return";
  if (code === VERDICT.DROP) return "drop";
  const chain = state.image.chains.find((chain) => chain.name === name);
  if (chain === undefined) throw new Error(`no chain ${name}`);
  return walk(chain, state);
}

function metaOf(key: number, packet: Packet): string | undefined {
  const name = (text: string): string => hex(new TextEncoder().encode(text)).padEnd(32, "0");
  switch (key) {
    case META.NFPROTO:
      return hexNumber(NFPROTO[packet.family], 1);
    case META.L4PROTO:
      return hexNumber(L4PROTO[packet.protocol], 1);
    case META.IIFNAME:
      return packet.hook === "prerouting" ? name(packet.iface) : undefined;
    case META.OIFNAME:
      return packet.hook === "output" ? name(packet.iface) : undefined;
    case META.SKUID:
      return packet.uid === undefined ? undefined : reversed(hexNumber(packet.uid, 4));
    default:
      throw new Error(`meta key ${key}`);
  }
}

function payloadOf(
  { base, offset, length }: Expression & { name: "payload" },
  packet: Packet,
): string {
  const header = base === 2
    ? hexNumber(packet.sourcePort, 2) + hexNumber(packet.destinationPort, 2)
    : "00".repeat(packet.family === "ipv4" ? 12 : 8) +
      [packet.source, packet.destination].map((one) => hex(prefixBytes(one)?.bytes ?? [])).join("");
  return header.slice(offset * 2, (offset + length) * 2);
}

function compares(op: number, value: string | undefined, data: string): boolean {
  if (value === undefined) return false;
  switch (op) {
    case CMP.EQ:
      return value === data;
    case CMP.NEQ:
      return value !== data;
    case CMP.GTE:
      return value >= data;
    default:
      return value <= data;
  }
}

function reversed(text: string): string {
  return (text.match(/../g) ?? []).reverse().join("");
}

function and(value: string, mask: string): string {
  const bytes = (mask.match(/../g) ?? []).map((byte, i) =>
    parseInt(byte, 16) & parseInt(value.slice(i * 2, i * 2 + 2), 16)
  );
  return hex(bytes);
}
