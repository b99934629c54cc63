/**
 * Messages of nf_tables' netlink protocol, and transactions of them, as bytes.
 *
 * Layouts: linux/netlink.h, linux/netfilter/nfnetlink.h.
 *
 * @module
 */
import { align, type Bytes } from "./wire.ts";
import { NetlinkWriter } from "./writer.ts";

const NLM_F_ACK = 4;
const BATCH_BEGIN = 0x10, BATCH_END = 0x11;
/** `NFNL_BATCH_GENID`. */
const BATCH_GENERATION = 1;
/** `NFNL_SUBSYS_NFTABLES`, the upper byte of a message's type. */
export const NFTABLES = 10;
/** Bytes of a message's head (`nlmsghdr`), and of that with `nfgenmsg` behind it. */
export const HEAD = 16, FULL_HEAD = 20;

/** Writes the messages of one transaction. */
export type Change = (to: NetlinkWriter) => void;

/** How a transaction is sent. */
export interface TransactionOptions {
  /** Sequence number of its first message, which begins it; the others count on. */
  readonly first: number;
  /** Whether it has an end; without one the kernel checks it and takes it back. */
  readonly ends?: boolean;
  /** The kernel refuses it with ERESTART where the namespace's generation is another by then. */
  readonly generation?: number;
}

/** A transaction for one send(2). */
export interface Transaction {
  readonly bytes: Bytes;
  /** Sequence number of the message that is acknowledged once all are in force. */
  readonly acknowledged: number;
  /** The last sequence number that is used. */
  readonly last: number;
}

/** Messages as one transaction: all of them or none, whoever else is writing. */
export function encodeTransaction(
  change: Change,
  { first, ends = true, generation }: TransactionOptions,
): Transaction {
  const to = new NetlinkWriter(first);
  to.message(BATCH_BEGIN, 0, 0, NFTABLES);
  if (generation !== undefined) to.number(BATCH_GENERATION, generation);
  change(to);
  // One acknowledgement is enough, and cannot overrun the socket; errors come for each message.
  to.flag(NLM_F_ACK);
  const acknowledged = to.sequence;
  if (ends) to.message(BATCH_END, 0, 0, NFTABLES);
  return { bytes: to.finish(), acknowledged, last: to.sequence };
}

/** An attribute that a question names its object by, and that name. */
export type Named = readonly [attribute: number, name: string];

/** A question to nf_tables. */
export interface Question {
  /** One of `NFT_MSG`. */
  readonly type: number;
  /** Netlink flags beside that of a request. */
  readonly flags: number;
  readonly sequence: number;
  readonly family: number;
  readonly names: readonly Named[];
}

/** The bytes of one message. */
export function encodeQuestion({ type, flags, sequence, family, names }: Question): Bytes {
  const to = new NetlinkWriter(sequence);
  to.message(NFTABLES << 8 | type, flags, family);
  for (const [attribute, name] of names) to.text(attribute, name);
  return to.finish();
}

/** One message of a datagram or of a transaction. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** What stands behind its head. */
  readonly body: Bytes;
}

/** The messages that stand one behind the other in `bytes`; undefined where the last is cut short. */
export function messagesOf(bytes: Bytes): Message[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const messages: Message[] = [];
  for (let at = 0; at + HEAD <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < HEAD || at + length > bytes.length) return undefined;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.subarray(at + HEAD, at + length),
    });
    at += align(length);
  }
  return messages;
}
