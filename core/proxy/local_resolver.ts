/**
 * Resolvers that run on this very host, as resolv.conf and the kernel's table of sockets show them. Where all
 * DNS traffic is redirected, what such a resolver asks its own servers is redirected too, and comes back to it: one
 * query becomes thousands.
 *
 * @module
 */

/** A UDP socket: its local address and port, and the user who owns it. */
export interface UdpSocket {
  readonly address: string;
  readonly port: number;
  readonly uid: number;
}

/** A server of resolv.conf that is this host; `uid` is undefined where nobody listens there yet. */
export interface LocalResolver {
  readonly server: string;
  readonly uid: number | undefined;
}

const DNS_PORT = 53;

/** Reads /proc/net/udp (IPv4), proc_net_udp(5): addresses in the byte order of a little-endian host. */
export function parseUdpSockets(text: string): UdpSocket[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const [, local = "", , , , , , uid = ""] = line.trim().split(/\s+/);
    const match = /^([0-9A-F]{8}):([0-9A-F]{4})$/.exec(local);
    if (match === null || !/^\d+$/.test(uid)) return [];
    const bytes = match[1]?.match(/../g)?.reverse().map((byte) => parseInt(byte, 16)) ?? [];
    return [{ address: bytes.join("."), port: parseInt(match[2] ?? "", 16), uid: Number(uid) }];
  });
}

/**
 * Which of these IPv4 servers are this host: addresses of the loopback network, and those at whose DNS port a
 * socket of this host is bound.
 */
export function localResolvers(
  servers: readonly string[],
  sockets: readonly UdpSocket[],
): LocalResolver[] {
  const dns = sockets.filter(({ port }) => port === DNS_PORT);
  return [...new Set(servers)].flatMap((server) => {
    const loopback = server.startsWith("127.");
    const owner = dns.find(({ address }) => address === server) ??
      (loopback ? dns.find(({ address }) => address === "0.0.0.0") : undefined);
    return loopback || owner !== undefined ? [{ server, uid: owner?.uid }] : [];
  });
}
