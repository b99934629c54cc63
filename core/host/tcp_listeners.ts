/**
 * The TCP sockets of a network namespace that listen, asked by sock_diag(7). /proc/net/tcp lists them as well, and looks
 * into every place of the kernel's table of connections for it, those of all namespaces: 2 ms on a small machine, and
 * more the more memory there is.
 *
 * @module
 */
import { close, netlinkSocket, read, write } from "./libc.ts";
import type { Listener } from "./listeners.ts";

const NETLINK_SOCK_DIAG = 4, SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1, NLM_F_DUMP = 0x300, NLM_F_DUMP_INTR = 0x10;
const NLMSG_DONE = 3;
const IPPROTO_TCP = 6, TCPF_LISTEN = 1 << 10;
/** Bytes of `nlmsghdr`, `inet_diag_req_v2` and `inet_diag_msg` (linux/inet_diag.h). */
const HEAD = 16, REQUEST = 56, ANSWER = 72;
/** More than a datagram of a dump has (netlink_dump of net/netlink/af_netlink.c). */
const DATAGRAM = 64 * 1024;
const FAMILIES = { ipv4: { number: 2, words: 1 }, ipv6: { number: 10, words: 4 } } as const;

/**
 * Those of the netns that the main thread is in; undefined where the kernel does not tell by this way. Like ss(8) it may
 * make the kernel load its module for it.
 */
export function tcpListeners(family: Listener["family"]): Listener[] | undefined {
  const fd = netlinkSocket(NETLINK_SOCK_DIAG);
  if (fd < 0) return undefined;
  try {
    const request = question(FAMILIES[family].number);
    return write(fd, request) === request.length ? answers(fd, family) : undefined;
  } finally {
    close(fd);
  }
}

function question(family: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(HEAD + REQUEST));
  view.setUint32(0, HEAD + REQUEST, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, true);
  view.setUint8(HEAD, family);
  view.setUint8(HEAD + 1, IPPROTO_TCP);
  view.setUint32(HEAD + 4, TCPF_LISTEN, true);
  return new Uint8Array(view.buffer);
}

/** All of them, or undefined: a list that was disturbed, or cut short, is none. */
function answers(fd: number, family: Listener["family"]): Listener[] | undefined {
  const found: Listener[] = [];
  const buffer = new Uint8Array(DATAGRAM);
  const view = new DataView(buffer.buffer);
  for (;;) {
    const size = read(fd, buffer);
    if (size < HEAD) return undefined;
    for (let at = 0; at + HEAD <= size;) {
      const length = view.getUint32(at, true), type = view.getUint16(at + 4, true);
      const disturbed = (view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0;
      if (length < HEAD || at + length > size || disturbed) return undefined;
      if (type === NLMSG_DONE) {
        // Its body is how the dump ended: 0, or the negative errno.
        const failed = length >= HEAD + 4 && view.getInt32(at + HEAD, true) < 0;
        return failed ? undefined : found;
      }
      if (type !== SOCK_DIAG_BY_FAMILY || length < HEAD + ANSWER) return undefined;
      found.push(listener(new DataView(view.buffer, at + HEAD, ANSWER), family));
      at += (length + 3) & ~3;
    }
  }
}

function listener(message: DataView, family: Listener["family"]): Listener {
  let address = "";
  for (let word = 0; word < FAMILIES[family].words; word++) {
    // As /proc/net/tcp has it: each word in the machine's order, which is little-endian wherever we build for.
    address += message.getUint32(8 + word * 4, true).toString(16).padStart(8, "0").toUpperCase();
  }
  const port = message.getUint16(4, false), uid = message.getUint32(64, true);
  return { protocol: "tcp", family, address, port, uid };
}
