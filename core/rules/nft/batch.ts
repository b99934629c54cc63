/**
 * Messages of nf_tables' netlink protocol, and transactions of them, as bytes.
 *
 * Layouts: linux/netlink.h, linux/netfilter/nfnetlink.h.
 *
 * @module
 */
import type { NftMessage } from "./encode.ts";
import { type Attribute, type Bytes, concat, encodeAttributes, number } from "./wire.ts";

const NLM_F_REQUEST = 1, NLM_F_ACK = 4;
const BATCH_BEGIN = 0x10, BATCH_END = 0x11;
/** `NFNL_BATCH_GENID`. */
const BATCH_GENERATION = 1;
/** `NFNL_SUBSYS_NFTABLES`, the upper byte of a message's type. */
export const NFTABLES = 10;
/** Bytes of a message's head (`nlmsghdr`), and of that with `nfgenmsg` behind it. */
export const HEAD = 16, FULL_HEAD = 20;

/** One message, and what its head says. */
export interface Message {
  /** With the subsystem in its upper byte. */
  readonly type: number;
  /** Netlink flags beside that of a request. */
  readonly flags: number;
  readonly sequence: number;
  readonly family: number;
  readonly resource?: number;
  readonly attributes: readonly Attribute[];
}

/** The bytes of one message. */
export function encodeMessage(
  { type, flags, sequence, family, resource = 0, attributes }: Message,
): Bytes {
  const bytes = encodeAttributes(attributes, FULL_HEAD);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, NLM_F_REQUEST | flags, true);
  view.setUint32(8, sequence, true);
  view.setUint8(16, family);
  view.setUint16(18, resource, false);
  return bytes;
}

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
  messages: readonly NftMessage[],
  { first, ends = true, generation }: TransactionOptions,
): Transaction {
  let sequence = first;
  const edge = (type: number, attributes: readonly Attribute[] = []) =>
    encodeMessage({
      type,
      flags: 0,
      sequence: sequence++,
      family: 0,
      resource: NFTABLES,
      attributes,
    });
  const begin = edge(
    BATCH_BEGIN,
    generation === undefined ? [] : [number(BATCH_GENERATION, generation)],
  );
  const bodies = messages.map(({ type, flags, family, attributes }, i) =>
    encodeMessage({
      type: NFTABLES << 8 | type,
      // One acknowledgement is enough, and cannot overrun the socket; errors come for each message.
      flags: i === messages.length - 1 ? flags | NLM_F_ACK : flags,
      sequence: sequence++,
      family,
      attributes,
    })
  );
  const acknowledged = sequence - 1;
  const end = ends ? [edge(BATCH_END)] : [];
  return { bytes: concat([begin, ...bodies, ...end]), acknowledged, last: sequence - 1 };
}
