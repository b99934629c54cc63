/**
 * nf_tables' netlink protocol: questions, and transactions that are applied whole or not at all.
 *
 * Message layouts: linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { GENERATION_ID, NFT_MSG } from "core/rules/nft/attributes.ts";
import { messageAbout } from "core/rules/nft/about.ts";
import {
  type Change,
  encodeQuestion,
  encodeTransaction,
  FULL_HEAD,
  HEAD,
  type Message,
  messagesOf,
  type Named,
} from "core/rules/nft/batch.ts";
import { attributesOf, type Bytes, numberOf, textOf } from "core/rules/nft/wire.ts";
import { errnoText } from "../libc.ts";
import { type NetlinkCalls, openNetfilter, type OpenNetlink } from "./netlink_calls.ts";
import { NftError } from "./nft_error.ts";

const NLM_F_ACK = 4, NLM_F_DUMP = 0x300;
/** Of an answer: the list changed while it was read; there are attributes behind an error. */
const NLM_F_DUMP_INTR = 0x10, NLM_F_ACK_TLVS = 0x200;
const NLMSG_ERROR = 2, NLMSG_DONE = 3;
const NLMSGERR_ATTR_MSG = 1;
const NFPROTO_UNSPEC = 0;
/** Answers are there when send() returns; the limit only keeps a surprise from hanging the program. */
const ANSWER_MS = 2000;
/** How often a question is asked again that was disturbed. */
const ATTEMPTS = 20;

/** What became of a transaction. Refused: nothing has changed. */
export type Committed =
  | { readonly kind: "done" }
  | {
    readonly kind: "refused";
    /** Positive errno. */
    readonly errno: number;
    /** The kernel's words, and which message it spoke of. */
    readonly reason: string;
  }
  /** The answer was lost: it may have been applied or not. */
  | { readonly kind: "unanswered" };

/** One socket to nf_tables, in the netns that the main thread was in when it was made. */
export class NftSocket implements Disposable {
  readonly #open: OpenNetlink;
  #calls: NetlinkCalls;
  #sequence = 0;

  /** Throws `KUMA-TP-210` where the kernel gives no such socket. */
  constructor(open: OpenNetlink = openNetfilter) {
    this.#open = open;
    this.#calls = open();
  }

  [Symbol.dispose](): void {
    this.#calls.close();
  }

  /**
   * The attributes of each object of a kind. A list that was disturbed while it was read is read again.
   *
   * @throws {KumaError} `KUMA-TP-210`, an {@linkcode NftError} where the kernel said why.
   */
  dump(type: number, family: number, names: readonly Named[] = []): Bytes[] {
    return this.#ask(type, NLM_F_DUMP, family, names).map(attributesIn);
  }

  /** {@linkcode dump} of all families at once, each object with its own (`nfgen_family`). */
  dumpAll(type: number): { readonly family: number; readonly attributes: Bytes }[] {
    return this.#ask(type, NLM_F_DUMP, NFPROTO_UNSPEC, [])
      .map((body) => ({ family: body[0] ?? 0, attributes: attributesIn(body) }));
  }

  /** The attributes of one object; undefined where there is none of that name. Throws as {@linkcode dump} does. */
  get(type: number, family: number, names: readonly Named[]): Bytes | undefined {
    const ENOENT = 2;
    try {
      const [body] = this.#ask(type, NLM_F_ACK, family, names);
      return body && attributesIn(body);
    } catch (error) {
      if (error instanceof NftError && error.errno === ENOENT) return undefined;
      throw error;
    }
  }

  /** A number that every transaction in this netns changes, whoever makes it. */
  generation(): number {
    const answer = this.get(NFT_MSG.GETGEN, NFPROTO_UNSPEC, []) ?? new Uint8Array(0);
    const id = attributesOf(answer).get(GENERATION_ID);
    return id === undefined ? 0 : numberOf(id);
  }

  /** Sends messages as one transaction: all of them or none, whoever else is writing. */
  commit(change: Change): Committed {
    return this.#transact(change, true);
  }

  /**
   * Lets the kernel check a transaction that it then forgets: a batch that has no end is taken back
   * (nfnetlink_rcv_batch of net/netfilter/nfnetlink.c), as `nft --check` does it.
   */
  check(change: Change): Committed {
    return this.#transact(change, false);
  }

  #transact(change: Change, ends: boolean): Committed {
    const first = this.#sequence + 1;
    const { bytes, last } = encodeTransaction(change, { first, ends });
    this.#sequence = last;
    if (!this.#send(bytes)) {
      return {
        kind: "refused",
        errno: 0,
        reason: `a transaction of ${bytes.length} bytes cannot be sent`,
      };
    }
    return this.#outcome(bytes, first);
  }

  #outcome(transaction: Bytes, first: number): Committed {
    const deadline = performance.now() + ANSWER_MS;
    for (;;) {
      const parts = this.#receive(deadline - performance.now());
      if (parts === undefined) return { kind: "unanswered" };
      for (const part of parts) {
        if (part.type !== NLMSG_ERROR || part.sequence < first) continue;
        const errno = -(errorOf(part.body));
        if (errno === 0) return { kind: "done" };
        const about = messageAbout(transaction, part.sequence);
        return { kind: "refused", errno, reason: `${about}: ${wordsOf(part, errno)}` };
      }
    }
  }

  #ask(type: number, flags: number, family: number, names: readonly Named[]): Bytes[] {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // What a disturbed answer left unread must not be taken for the next one.
      if (attempt > 0) this.#reopen();
      const sequence = ++this.#sequence;
      const request = encodeQuestion({ type, flags, sequence, family, names });
      const answers = this.#send(request) ? this.#answers(sequence) : undefined;
      if (answers !== undefined) return answers;
    }
    throw new KumaError(
      "KUMA-TP-210",
      "Cannot ask the kernel for its nftables: it gives no whole answer",
    );
  }

  /** The bodies of all answers to one question; undefined where they are not to be relied on. */
  #answers(sequence: number): Bytes[] | undefined {
    const EINTR = 4, EAGAIN = 11;
    const found: Bytes[] = [];
    const deadline = performance.now() + ANSWER_MS;
    for (;;) {
      const parts = this.#receive(deadline - performance.now());
      if (parts === undefined) return undefined;
      for (const part of parts) {
        if (part.sequence !== sequence) continue;
        if ((part.flags & NLM_F_DUMP_INTR) !== 0) return undefined;
        if (part.type === NLMSG_DONE) return found;
        if (part.type === NLMSG_ERROR) {
          const errno = -errorOf(part.body);
          if (errno === 0) return found;
          // A module had to be loaded, or the list changed: the same question again.
          if (errno === EAGAIN || errno === EINTR) return undefined;
          throw new NftError(errno, wordsOf(part, errno));
        }
        found.push(part.body);
      }
    }
  }

  #reopen(): void {
    this.#calls.close();
    this.#calls = this.#open();
  }

  /** A message that was not taken has done nothing, so it may be sent again. */
  #send(message: Bytes): boolean {
    return this.#calls.send(message) || this.#calls.send(message);
  }

  #receive(milliseconds: number): Message[] | undefined {
    if (milliseconds <= 0) return undefined;
    const datagram = this.#calls.receive(Math.ceil(milliseconds));
    return datagram === undefined ? undefined : messagesOf(datagram);
  }
}

/** What stands behind `nfgenmsg` in a body. */
function attributesIn(body: Bytes): Bytes {
  return body.subarray(FULL_HEAD - HEAD);
}

function errorOf(body: Bytes): number {
  return body.length < 4 ? 0 : new DataView(body.buffer, body.byteOffset).getInt32(0, true);
}

/** errno in words, with the kernel's own where it has some (NETLINK_EXT_ACK). */
function wordsOf({ flags, body }: Message, errno: number): string {
  const words = errnoText(errno);
  if ((flags & NLM_F_ACK_TLVS) === 0) return words;
  // Behind the errno stands the head of the message that it is about (NETLINK_CAP_ACK).
  const said = attributesOf(body.slice(4 + HEAD)).get(NLMSGERR_ATTR_MSG);
  return said === undefined ? words : `${textOf(said)} (${words})`;
}
