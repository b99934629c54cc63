/**
 * The TCP sockets of a network namespace that listen.
 *
 * @module
 */
import type { Listener } from "./listeners.ts";
import { askForSockets } from "./sock_diag.ts";

const SOCK_DIAG_BY_FAMILY = 20;
const IPPROTO_TCP = 6, TCPF_LISTEN = 1 << 10;
/** Bytes of `inet_diag_req_v2` (linux/inet_diag.h). */
const REQUEST = 56;
const FAMILIES = { ipv4: { number: 2, words: 1 }, ipv6: { number: 10, words: 4 } } as const;

/** Those of the netns that the main thread is in; undefined where the kernel does not tell by this way. */
export function tcpListeners(family: Listener["family"]): Listener[] | undefined {
  const { number, words } = FAMILIES[family];
  return askForSockets(SOCK_DIAG_BY_FAMILY, REQUEST, (request) => {
    request.setUint8(0, number);
    request.setUint8(1, IPPROTO_TCP);
    request.setUint32(4, TCPF_LISTEN, true);
  })?.map((message) => {
    let address = "";
    for (let word = 0; word < words; word++) {
      // As /proc/net/tcp has it: each word in the machine's order, which is little-endian wherever we build for.
      address += message.getUint32(8 + word * 4, true).toString(16).padStart(8, "0").toUpperCase();
    }
    const port = message.getUint16(4, false), uid = message.getUint32(64, true);
    return { protocol: "tcp", family, address, port, uid };
  });
}
