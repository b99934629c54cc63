/**
 * What kuma-cni's program in front (cni/front) and the installer say to each other at an ADD, over a Unix stream socket.
 *
 * 1. The installer greets: {@linkcode greeting}, by which the front knows that both are of one release.
 * 2. The front asks: how many bytes follow, the generation of the pod's nf_tables, how many blocks, and the blocks of
 *    {@linkcode BLOCKS}, each behind its length.
 * 3. The installer answers: {@linkcode encodeAnswer}.
 * 4. Where it has sent a result, the front says what came of it ({@linkcode decodeOutcome}), and both close.
 *
 * All numbers are 32 bits, little-endian, as every architecture is that we build for.
 *
 * @module
 */
import { VERSION } from "core/version.ts";

/** Name of the socket beside the program in front. */
export const QUICK_ADD_SOCKET = "kuma-cni.sock";

/** Bytes of the greeting, with zeroes at its end. */
export const GREETING_SIZE = 64;

/** Most bytes of a question behind its length, and of the configuration within it. */
export const MOST_ASKED = 1024 * 1024 + 64 * 1024;

/** Most bytes of a transaction: so many a netlink socket takes without being told to. */
export const MOST_BATCH = 96 * 1024;

/** Most bytes of an answer with its length: a result of the configuration's length, and a transaction. */
export const MOST_ANSWERED = MOST_ASKED + MOST_BATCH;

/** The blocks of a question, in their order. */
export const BLOCKS = [
  ...["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH", "CNI_ARGS"] as const,
  /** Text of the pod's /proc/net/if_inet6; empty where it has no IPv6. */
  "inet6",
  /** Text of the host's /etc/resolv.conf; empty where it cannot be read, or is too long. */
  "resolvConf",
  /** The configuration as it came. */
  "conf",
] as const;

/** What the front asks: the call, and what it has seen in the pod's namespace, which has no rules of anybody. */
export type QuickAddQuestion =
  & { readonly generation: number }
  & Readonly<Record<typeof BLOCKS[number], string>>;

/** What the installer answers. */
export type QuickAddAnswer =
  /** The program is to do it all. */
  | { readonly kind: "program" }
  /** Nothing is to be done; `result` is to be printed. */
  | { readonly kind: "left alone"; readonly result: string }
  | {
    readonly kind: "rules";
    readonly result: string;
    /** `::6/128` belongs on the loopback interface first. */
    readonly passthrough: boolean;
    /** Sequence number of the message that is acknowledged once the transaction is in force. */
    readonly acknowledged: number;
    /** The transaction. */
    readonly batch: Uint8Array<ArrayBuffer>;
  };

/** What came of an answer. */
export interface QuickAddOutcome {
  /** The result was printed, and what it stands for is so. */
  readonly done: boolean;
  /** Where not: the step that failed, and its errno. */
  readonly step: number;
  readonly errno: number;
  /** Microseconds since the front was started. */
  readonly microseconds: number;
}

/** Bytes of an outcome. */
export const OUTCOME_SIZE = 16;

const KIND = { "program": 1, "left alone": 2, "rules": 3 } as const;
const PASSTHROUGH = 1;
/** Numbers that stand before a result in an answer. */
const ANSWER_HEAD = 5;

/** The greeting of this release. The front has the same text compiled in (build/front.ts). */
export function greetingText(version = VERSION): string {
  return `kuma-cni add 1 ${version}`;
}

/** The greeting's bytes. */
export function greeting(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(GREETING_SIZE);
  new TextEncoder().encodeInto(greetingText(), bytes);
  return bytes;
}

/**
 * Reads a question, without the length before it.
 *
 * @throws {RangeError} it is no question: a length that does not fit, too many blocks or too few, no UTF-8, or a zero
 *   byte.
 */
export function decodeQuestion(bytes: Uint8Array<ArrayBuffer>): QuickAddQuestion {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (at: number): number => {
    if (at + 4 > bytes.length) throw new RangeError("a question is cut short");
    return view.getUint32(at, true);
  };
  const generation = number(0);
  if (number(4) !== BLOCKS.length) throw new RangeError("a question has other blocks than ours");
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let at = 8;
  const blocks = BLOCKS.map((name) => {
    const end = at + 4 + number(at);
    if (end > bytes.length) throw new RangeError(`the block ${name} is cut short`);
    const block = bytes.subarray(at + 4, end);
    at = end;
    if (block.includes(0)) throw new RangeError(`the block ${name} has a zero byte`);
    try {
      return [name, decoder.decode(block)] as const;
    } catch (cause) {
      throw new RangeError(`the block ${name} is not UTF-8`, { cause });
    }
  });
  if (at !== bytes.length) throw new RangeError("a question has more than its blocks");
  return { generation, ...Object.fromEntries(blocks) as Record<typeof BLOCKS[number], string> };
}

/** The bytes of an answer, its length first; undefined where it is longer than the front takes. */
export function encodeAnswer(answer: QuickAddAnswer): Uint8Array<ArrayBuffer> | undefined {
  const result = new TextEncoder().encode(answer.kind === "program" ? "" : answer.result);
  const { batch, acknowledged, passthrough } = answer.kind === "rules"
    ? answer
    : { batch: new Uint8Array(0), acknowledged: 0, passthrough: false };
  const size = (ANSWER_HEAD - 1) * 4 + result.length + batch.length;
  if (batch.length > MOST_BATCH || 4 + size > MOST_ANSWERED) return undefined;
  const bytes = new Uint8Array(4 + size);
  const numbers = [
    size,
    KIND[answer.kind],
    passthrough ? PASSTHROUGH : 0,
    acknowledged,
    result.length,
  ];
  const view = new DataView(bytes.buffer);
  for (const [i, value] of numbers.entries()) view.setUint32(i * 4, value, true);
  bytes.set(result, ANSWER_HEAD * 4);
  bytes.set(batch, ANSWER_HEAD * 4 + result.length);
  return bytes;
}

/** Reads what came of an answer. */
export function decodeOutcome(bytes: Uint8Array<ArrayBuffer>): QuickAddOutcome {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (index: number) => view.getUint32(index * 4, true);
  return { done: number(0) === 1, step: number(1), errno: number(2), microseconds: number(3) };
}
