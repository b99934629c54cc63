/**
 * Packets that no kernel would make by itself, sent by raw sockets: beginnings of connections that are cut to pieces
 * or stand behind extension headers.
 *
 * @module
 */
import { mappedAddress } from "core/bpf/address.ts";
import { encodeEndpoint } from "tests/support/traffic/endpoint.ts";
import { withinNamespace } from "tests/support/traffic/namespaces.ts";
import { checked, libc } from "tests/support/traffic/socket_calls.ts";

const AF_INET = 2, AF_INET6 = 10, SOCK_RAW = 3, IPPROTO_RAW = 255;
const TCP = 6;

/** Who sends, from where, to where. */
export interface RawTarget {
  readonly ns: string;
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

/** A TCP header with the flag SYN; its checksum is wrong, since nobody is to answer. */
export function syn(port: number): number[] {
  return [...word(40000), ...word(port), 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0];
}

/** Sends an IPv4 packet of TCP. `fragment` is the 16 bits of flags and offset. */
export function sendIpv4({ ns, from, to }: RawTarget, fragment: number, payload: number[]): void {
  const length = 20 + payload.length;
  const header = [0x45, 0, ...word(length), ...word(7), ...word(fragment), 64, TCP, 0, 0];
  const ends = [...mappedAddress(from).slice(12), ...mappedAddress(to).slice(12)];
  send(ns, AF_INET, to, [...header, ...ends, ...payload]);
}

/** Sends an IPv6 packet whose first header of the chain is of type `next`. */
export function sendIpv6({ ns, from, to }: RawTarget, next: number, payload: number[]): void {
  const header = [0x60, 0, 0, 0, ...word(payload.length), next, 64];
  send(ns, AF_INET6, to, [...header, ...mappedAddress(from), ...mappedAddress(to), ...payload]);
}

/** An extension header of eight bytes: the type of the next one, and what else it says. */
export function extension(next: number, rest: number[] = [0, 1, 4, 0, 0, 0, 0]): number[] {
  return [next, ...rest];
}

function send(ns: string, family: number, to: string, packet: number[]): void {
  withinNamespace(ns, () => {
    // IPPROTO_RAW says that the header is ours (raw(7)), for IPv6 too.
    const fd = checked("socket", libc().socket(family, SOCK_RAW, IPPROTO_RAW));
    try {
      const name = encodeEndpoint({ address: to, port: 0 });
      const bytes = Uint8Array.from(packet);
      checked("sendto", libc().sendto(fd, bytes, BigInt(bytes.length), 0, name, name.length));
    } finally {
      libc().close(fd);
    }
  });
}

function word(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}
