/**
 * Who listens on which port of this network namespace.
 *
 * @module
 */
import { readProcFile } from "./proc.ts";
import { tcpListeners } from "./tcp_listeners.ts";

/** A socket that waits for connections, or for datagrams of anybody. */
export interface Listener {
  readonly protocol: "tcp" | "udp";
  readonly family: "ipv4" | "ipv6";
  /** Hexadecimal, as the kernel writes it; all zeros for any address. */
  readonly address: string;
  readonly port: number;
  /** Owner of the socket. */
  readonly uid: number;
}

/** States of /proc/net/tcp and udp (include/net/tcp_states.h): TCP_LISTEN, and TCP_CLOSE for unbound UDP. */
const WAITS = { tcp: "0A", udp: "07" } as const;

/** All listeners of the netns that the main thread is in. Families that the kernel lacks have none. */
export function listeners(): Listener[] {
  return (["tcp", "udp"] as const).flatMap((protocol) =>
    (["ipv4", "ipv6"] as const).flatMap((family) =>
      (protocol === "tcp" ? tcpListeners(family) : undefined) ?? listed(protocol, family)
    )
  );
}

/** By the kernel's lists. */
export function listed(protocol: Listener["protocol"], family: Listener["family"]): Listener[] {
  const file = `/proc/thread-self/net/${protocol}${family === "ipv6" ? "6" : ""}`;
  try {
    return parseListeners(readProcFile(file), protocol, family);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Reads the text of one of these files: `sl local_address rem_address st … uid …`. */
export function parseListeners(
  text: string,
  protocol: Listener["protocol"],
  family: Listener["family"],
): Listener[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const [, local = "", , state, , , , uid] = line.trim().split(/\s+/);
    const [address = "", port = ""] = local.split(":");
    if (state !== WAITS[protocol] || !/^[0-9]+$/.test(uid ?? "")) return [];
    return [{ protocol, family, address, port: Number.parseInt(port, 16), uid: Number(uid) }];
  });
}
