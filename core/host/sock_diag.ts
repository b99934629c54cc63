/**
 * What sock_diag(7) knows of the TCP sockets of the network namespace that the main thread is in. /proc/net/tcp lists them as
 * well, and looks into every place of the kernel's table of connections for it, those of all namespaces, at each of at
 * least two reads and for each family: 3 ms on a small machine, and more the more memory there is.
 *
 * @module
 */
import { close, netlinkSocket, read, write } from "./libc.ts";

const NETLINK_SOCK_DIAG = 4;
const NLM_F_REQUEST = 1, NLM_F_DUMP = 0x300, NLM_F_DUMP_INTR = 0x10;
const NLMSG_DONE = 3;
/** Bytes of `nlmsghdr` and `inet_diag_msg` (linux/inet_diag.h). */
const HEAD = 16, ANSWER = 72;
/** More than a datagram of a dump has (netlink_dump of net/netlink/af_netlink.c). */
const DATAGRAM = 64 * 1024;

/**
 * Asks for a list: an `inet_diag_msg` for each socket. Undefined where the kernel does not tell by this way, and for a list
 * that was disturbed or cut short. Like ss(8) it may make the kernel load its module for it.
 *
 * @param type of the request and of its answers
 * @param size bytes of the request behind its header
 * @param fill writes them; they are zero before
 */
export function askForSockets(
  type: number,
  size: number,
  fill: (request: DataView) => void,
): DataView[] | undefined {
  const fd = netlinkSocket(NETLINK_SOCK_DIAG);
  if (fd < 0) return undefined;
  try {
    const view = new DataView(new ArrayBuffer(HEAD + size));
    view.setUint32(0, HEAD + size, true);
    view.setUint16(4, type, true);
    view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, true);
    fill(new DataView(view.buffer, HEAD));
    const request = new Uint8Array(view.buffer);
    return write(fd, request) === request.length ? answers(fd, type) : undefined;
  } finally {
    close(fd);
  }
}

function answers(fd: number, type: number): DataView[] | undefined {
  const found: DataView[] = [];
  for (;;) {
    // One for each datagram: the answers look into it.
    const buffer = new Uint8Array(DATAGRAM);
    const view = new DataView(buffer.buffer);
    const size = read(fd, buffer);
    if (size < HEAD) return undefined;
    for (let at = 0; at + HEAD <= size;) {
      const length = view.getUint32(at, true), given = view.getUint16(at + 4, true);
      const disturbed = (view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0;
      if (length < HEAD || at + length > size || disturbed) return undefined;
      if (given === NLMSG_DONE) {
        // Its body is how the dump ended: 0, or the negative errno.
        const failed = length >= HEAD + 4 && view.getInt32(at + HEAD, true) < 0;
        return failed ? undefined : found;
      }
      if (given !== type || length < HEAD + ANSWER) return undefined;
      found.push(new DataView(view.buffer, at + HEAD, ANSWER));
      at += (length + 3) & ~3;
    }
  }
}
