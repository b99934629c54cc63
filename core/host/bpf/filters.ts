/**
 * Whether anybody has filters (tc) at an interface, asked by route netlink: rtnetlink(7), linux/pkt_sched.h.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { close, errnoText, netlinkSocket, read, write } from "../libc.ts";

const NETLINK_ROUTE = 0;
const RTM_NEWTFILTER = 44, RTM_GETTFILTER = 46;
const NLMSG_ERROR = 2, NLMSG_DONE = 3;
const NLM_F_REQUEST = 1, NLM_F_DUMP = 0x300;
/** struct nlmsghdr, and struct tcmsg behind it. */
const HEAD = 16, MESSAGE = 20;
/** TC_H_CLSACT with TC_H_MIN_INGRESS and TC_H_MIN_EGRESS. */
const PARENTS = [0xfffffff2, 0xfffffff3];
const BUFFER = 64 * 1024;

/**
 * Looks at both sides of the interface, in the network namespace that the main thread is in.
 *
 * @throws {KumaError} `KUMA-BPF-016` where the kernel does not tell.
 */
export function hasFilters(ifindex: number): boolean {
  return PARENTS.some((parent) => hasFiltersAt(ifindex, parent));
}

function hasFiltersAt(ifindex: number, parent: number): boolean {
  const fd = netlinkSocket(NETLINK_ROUTE);
  if (fd < 0) throw untold(ifindex, fd);
  try {
    const sent = write(fd, question(ifindex, parent));
    if (sent < 0) throw untold(ifindex, sent);
    const buffer = new Uint8Array(BUFFER);
    for (let found = false;;) {
      const length = read(fd, buffer);
      if (length <= 0) throw untold(ifindex, length);
      const view = new DataView(buffer.buffer, 0, length);
      for (let at = 0; at + HEAD <= length; at += (view.getUint32(at, true) + 3) & ~3) {
        const type = view.getUint16(at + 4, true);
        if (type === NLMSG_DONE) return found;
        if (type === NLMSG_ERROR) {
          const error = view.getInt32(at + HEAD, true);
          if (error !== 0) throw untold(ifindex, error);
        }
        found ||= type === RTM_NEWTFILTER;
      }
    }
  } finally {
    close(fd);
  }
}

function question(ifindex: number, parent: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD + MESSAGE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, RTM_GETTFILTER, true);
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, true);
  view.setUint32(8, 1, true);
  view.setInt32(HEAD + 4, ifindex, true);
  view.setUint32(HEAD + 12, parent, true);
  return bytes;
}

function untold(ifindex: number, result: number): KumaError {
  return new KumaError(
    "KUMA-BPF-016",
    `cannot look at the filters of interface ${ifindex}: ${errnoText(result)}`,
  );
}
