/**
 * The system calls under a netlink socket, each with a result that says all that its caller goes by. What a
 * netlink peer refuses it says in a message of its own.
 *
 * @module
 */
import type { Bytes } from "core/rules/nft/wire.ts";
import { close, errnoText, netlinkSocket } from "../libc.ts";
import { systemCalls } from "../system_call.ts";
import { NftError } from "./nft_error.ts";

const kernel = systemCalls({
  bind: ["i32", "buffer", "u32"],
  setsockopt: ["i32", "i32", "i32", "buffer", "u32"],
  sendto: ["i32", "buffer", "usize", "i32", "pointer", "u32"],
  recvfrom: ["i32", "buffer", "usize", "i32", "pointer", "pointer"],
  ppoll: ["buffer", "usize", "buffer", "pointer", "usize"],
});

/** One open socket's calls. */
export interface NetlinkCalls {
  /** Whether the kernel took the whole message. Where it did not it has done nothing. */
  send(message: Bytes): boolean;
  /** The next datagram; undefined where none came within `milliseconds`, or where it was lost. */
  receive(milliseconds: number): Bytes | undefined;
  close(): void;
}

/** Opens a socket. */
export type OpenNetlink = (group?: number) => NetlinkCalls;

const SOL_SOCKET = 1, SO_SNDBUFFORCE = 32, SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270, NETLINK_EXT_ACK = 11, NETLINK_CAP_ACK = 10;
const MSG_DONTWAIT = 0x40, MSG_TRUNC = 0x20;
const POLLIN = 1, EAGAIN = 11;
/** What the kernel gives a socket without asking (net.core.wmem_default). */
const USUAL_BUFFER = 200 * 1024;
/** Datagrams of dumps are at most 32 KiB (netlink_dump); an answer to a message is far smaller. */
const DATAGRAM = 64 * 1024;

/** All sockets receive into this one, and copy what they give. */
let datagram: Bytes | undefined;

/**
 * A socket to the netfilter subsystem of the netns that the main thread is in; it stays with that netns.
 *
 * @param group of news that it is to get (`enum nfnetlink_groups`)
 * @throws {NftError} the kernel gives no such socket, or no such news.
 */
export function openNetfilter(group?: number): NetlinkCalls {
  const NETLINK_NETFILTER = 12;
  const fd = netlinkSocket(NETLINK_NETFILTER);
  if (fd < 0) {
    throw new NftError(-fd, `no netlink socket can be opened: ${errnoText(fd)}`);
  }
  const set = (level: number, name: number, value: number): void => {
    // Refused by old kernels only: then errors come without words, and large batches may not fit.
    kernel.setsockopt(fd, level, name, new Int32Array([value]), 4);
  };
  set(SOL_NETLINK, NETLINK_EXT_ACK, 1);
  // Errors come without the whole message that they are about.
  set(SOL_NETLINK, NETLINK_CAP_ACK, 1);
  if (group !== undefined) join(fd, group);
  return {
    send(message) {
      if (message.length > USUAL_BUFFER / 2) {
        // The kernel counts its own overhead as well.
        set(SOL_SOCKET, SO_SNDBUFFORCE, message.length * 2);
        set(SOL_SOCKET, SO_RCVBUFFORCE, message.length * 2);
      }
      return kernel.sendto(fd, message, BigInt(message.length), 0, null, 0) === message.length;
    },
    receive(milliseconds) {
      // What answers a message is there when that was sent: most need not be waited for.
      let size = take(fd);
      if (size === -EAGAIN && readable(fd, milliseconds)) size = take(fd);
      return size > 0 && size <= DATAGRAM ? datagram?.slice(0, size) : undefined;
    },
    close: () => close(fd),
  };
}

/** A socket that is not bound has the kernel's own address, and gets no news: those go to everybody but their sender. */
function join(fd: number, group: number): void {
  const AF_NETLINK = 16;
  // struct sockaddr_nl: family, padding, port (the kernel's choice), and the groups as bits.
  const name = new DataView(new ArrayBuffer(12));
  name.setUint16(0, AF_NETLINK, true);
  name.setUint32(8, 1 << (group - 1), true);
  const result = kernel.bind(fd, new Uint8Array(name.buffer), name.byteLength);
  if (result >= 0) return;
  close(fd);
  throw new NftError(-result, `it gives no news of netfilter: ${errnoText(result)}`);
}

/** Bytes of the next datagram, which is in {@linkcode datagram} then; or the negative errno. */
function take(fd: number): number {
  datagram ??= new Uint8Array(DATAGRAM);
  return kernel.recvfrom(fd, datagram, BigInt(DATAGRAM), MSG_DONTWAIT | MSG_TRUNC, null, null);
}

function readable(fd: number, milliseconds: number): boolean {
  const watch = new DataView(new ArrayBuffer(8));
  watch.setInt32(0, fd, true);
  watch.setInt16(4, POLLIN, true);
  // struct timespec: whole seconds, and the nanoseconds of the rest.
  const wait = new BigInt64Array([
    BigInt(Math.floor(milliseconds / 1000)),
    BigInt(Math.round(milliseconds % 1000 * 1e6)),
  ]);
  return kernel.ppoll(new Uint8Array(watch.buffer), 1n, wait, null, 0n) > 0;
}
