/**
 * Where sockets of the network namespace that the main thread is in are connected to, as the kernel has it: programs
 * that redirect as a connection begins have put in another address than was asked for.
 *
 * @module
 */
import { addressText } from "core/bpf/address.ts";
import type { Family } from "core/proxy/resolved.ts";
import { readProcFile } from "../proc.ts";
import type { SocketEnd } from "./probe_socket.ts";

/** The other end of the socket at this local port; undefined where there is none any more. */
export function socketPeer(
  protocol: "tcp" | "udp",
  family: Family,
  localPort: number,
): SocketEnd | undefined {
  const file = `/proc/thread-self/net/${protocol}${family === "ipv6" ? "6" : ""}`;
  return peerIn(readProcFile(file), localPort);
}

/** The same in the text of the file: `sl local_address rem_address st …`. */
export function peerIn(text: string, localPort: number): SocketEnd | undefined {
  for (const line of text.split("\n").slice(1)) {
    const [, local = "", remote = ""] = line.trim().split(/\s+/);
    const [address = "", port = ""] = remote.split(":");
    if (parseInt(local.split(":")[1] ?? "", 16) !== localPort || port === "0000") continue;
    return { address: addressOf(address), port: parseInt(port, 16) };
  }
  return undefined;
}

/** Words of four bytes in the order of the machine, which is little-endian wherever we run. */
function addressOf(digits: string): string {
  const words = digits.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse())
    .map((byte) => parseInt(byte, 16));
  return bytes.length === 4 ? bytes.join(".") : addressText(Uint8Array.from(bytes));
}
