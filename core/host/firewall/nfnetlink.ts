/**
 * Just enough of nf_tables' netlink protocol to see which tables and chains exist in this network
 * namespace, and to delete an empty one: a question that costs no child process, and a deletion that the
 * kernel itself refuses while anything is left inside (`NLM_F_NONREC`), whoever else is writing.
 *
 * Message layouts: linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h. Netlink is
 * in the machine's byte order (little endian on amd64 and arm64), nf_tables' own numbers in big endian.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { lazyCLibrary } from "../c_library.ts";
import { close, errnoText, netlinkSocket } from "../libc.ts";

const libc = lazyCLibrary({
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
});

const NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLM_F_DUMP = 0x300;
/** On a deletion: refuse while the object holds others. */
export const NLM_F_NONREC = 0x100;
const NLMSG_ERROR = 2, NLMSG_DONE = 3;
const BATCH_BEGIN = 0x10, BATCH_END = 0x11;
const SUBSYS_NFTABLES = 10;

/** Numbers of nf_tables messages (`enum nf_tables_msg_types`). */
export const NFT_MSG = { NEWTABLE: 0, GETTABLE: 1, DELTABLE: 2, GETCHAIN: 4, DELCHAIN: 5 } as const;

/** One attribute of a message: its type, and its bytes. */
export interface Attribute {
  readonly type: number;
  readonly value: Uint8Array<ArrayBuffer>;
}

/** A string attribute, with its closing NUL. */
export function textAttribute(type: number, text: string): Attribute {
  return { type, value: new TextEncoder().encode(`${text}\0`) };
}

/** The text of a string attribute. */
export function attributeText(value: Uint8Array<ArrayBuffer>): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}

/** One change of one object. */
export interface ObjectChange {
  /** One of {@linkcode NFT_MSG}. */
  readonly message: number;
  readonly flags: number;
  readonly family: number;
  readonly attributes: Attribute[];
}

/** One netlink socket to the netfilter subsystem of the netns that the main thread is in. */
export class Nfnetlink implements Disposable {
  readonly #fd: number;
  #sequence = 0;

  /** Throws `KUMA-TP-210` where the kernel gives no such socket. */
  constructor() {
    const NETLINK_NETFILTER = 12;
    this.#fd = netlinkSocket(NETLINK_NETFILTER);
    if (this.#fd < 0) throw failed(`no netlink socket can be opened: ${errnoText(this.#fd)}`);
    const SOL_SOCKET = 1, SO_RCVTIMEO = 20;
    // Answers are there when send() returns; the limit only keeps a surprise from hanging the program.
    const seconds = new BigInt64Array([2n, 0n]);
    libc().setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, seconds, 16);
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }

  /** All objects that a GET message of this family answers with, as their attributes. */
  dump(message: number, family: number): Map<number, Uint8Array<ArrayBuffer>>[] {
    const request = this.#message(
      SUBSYS_NFTABLES << 8 | message,
      NLM_F_REQUEST | NLM_F_DUMP,
      family,
      0,
      [],
    );
    const sequence = this.#sequence;
    this.#send(request);
    const objects: Map<number, Uint8Array<ArrayBuffer>>[] = [];
    for (;;) {
      for (const part of this.#receive()) {
        if (part.sequence !== sequence) continue;
        if (part.type === NLMSG_DONE) return objects;
        if (part.type === NLMSG_ERROR) throw failed(errnoText(errorOf(part.body)));
        objects.push(attributesOf(part.body.slice(4)));
      }
    }
  }

  /**
   * Sends changes as one transaction. Returns 0, or the negative errno with which the kernel refused the
   * first of them; nothing has changed then.
   */
  change(changes: readonly ObjectChange[]): number {
    const begin = this.#message(BATCH_BEGIN, NLM_F_REQUEST, 0, SUBSYS_NFTABLES, []);
    const first = this.#sequence + 1;
    const bodies = changes.map(({ message, flags, family, attributes }) => {
      const type = SUBSYS_NFTABLES << 8 | message;
      return this.#message(type, NLM_F_REQUEST | NLM_F_ACK | flags, family, 0, attributes);
    });
    const end = this.#message(BATCH_END, NLM_F_REQUEST, 0, SUBSYS_NFTABLES, []);
    this.#send(concat([begin, ...bodies, end]));
    for (let acknowledged = 0; acknowledged < changes.length;) {
      for (const part of this.#receive()) {
        // What an earlier refused transaction left unread.
        if (part.type !== NLMSG_ERROR || part.sequence < first - 1) continue;
        const errno = errorOf(part.body);
        if (errno !== 0) return errno;
        acknowledged++;
      }
    }
    return 0;
  }

  #message(
    type: number,
    flags: number,
    family: number,
    resource: number,
    attributes: Attribute[],
  ): Uint8Array<ArrayBuffer> {
    const payload = concat(attributes.map(encodeAttribute));
    const bytes = new Uint8Array(20 + payload.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, bytes.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, flags, true);
    view.setUint32(8, ++this.#sequence, true);
    view.setUint8(16, family);
    view.setUint16(18, resource, false);
    bytes.set(payload, 20);
    return bytes;
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    const sent = libc().send(this.#fd, bytes, BigInt(bytes.length), 0);
    if (Number(sent) !== bytes.length) throw failed("a netlink message cannot be sent");
  }

  #receive(): { type: number; sequence: number; body: Uint8Array<ArrayBuffer> }[] {
    const buffer = new Uint8Array(64 * 1024);
    const size = Number(libc().recv(this.#fd, buffer, BigInt(buffer.length), 0));
    if (size <= 0) throw failed("the kernel did not answer on netlink");
    const view = new DataView(buffer.buffer);
    const parts = [];
    for (let at = 0; at + 16 <= size;) {
      const length = view.getUint32(at, true);
      if (length < 16 || at + length > size) throw failed("a netlink answer is cut short");
      parts.push({
        type: view.getUint16(at + 4, true),
        sequence: view.getUint32(at + 8, true),
        body: buffer.slice(at + 16, at + length),
      });
      at += align(length);
    }
    return parts;
  }
}

/** The attributes of a message or of a nested attribute, by type. */
export function attributesOf(bytes: Uint8Array<ArrayBuffer>): Map<number, Uint8Array<ArrayBuffer>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<number, Uint8Array<ArrayBuffer>>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    // The two top bits say "nested" and "big endian"; the type is in the rest.
    found.set(view.getUint16(at + 2, true) & 0x3fff, bytes.slice(at + 4, at + length));
    at += align(length);
  }
  return found;
}

/** The bytes of one attribute, padded to four. */
export function encodeAttribute(attribute: Attribute): Uint8Array<ArrayBuffer> {
  const length = 4 + attribute.value.length;
  const bytes = new Uint8Array(align(length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, length, true);
  view.setUint16(2, attribute.type, true);
  bytes.set(attribute.value, 4);
  return bytes;
}

function align(length: number): number {
  return (length + 3) & ~3;
}

function concat(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function errorOf(body: Uint8Array<ArrayBuffer>): number {
  return new DataView(body.buffer, body.byteOffset).getInt32(0, true);
}

function failed(what: string): KumaError {
  return new KumaError("KUMA-TP-210", `Cannot ask the kernel for its nftables: ${what}`);
}
