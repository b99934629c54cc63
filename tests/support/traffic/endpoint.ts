import type { Family } from "core/proxy/resolved.ts";
import { checked, cString, libc } from "./socket_calls.ts";

/** An address and port, as the kernel sees them. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** AF_INET and AF_INET6. */
export const ADDRESS_FAMILY = { ipv4: 2, ipv6: 10 } as const;

/** Room for either kind of socket address. */
export const SOCKADDR_SIZE = 28;

/** The family of a well-formed address. */
export function familyOf(address: string): Family {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** Writes `ADDRESS:PORT` the usual way, with brackets around IPv6. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return familyOf(address) === "ipv6" ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The bytes of a `sockaddr_in` or `sockaddr_in6`. */
export function encodeEndpoint({ address, port }: Endpoint): Uint8Array<ArrayBuffer> {
  const family = familyOf(address);
  const bytes = new Uint8Array(family === "ipv4" ? 16 : SOCKADDR_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ADDRESS_FAMILY[family], true);
  view.setUint16(2, port);
  const target = bytes.subarray(family === "ipv4" ? 4 : 8);
  const parsed = libc().inet_pton(ADDRESS_FAMILY[family], cString(address), target);
  if (parsed !== 1) throw new TypeError(`"${address}" is not an IP address`);
  return bytes;
}

/** Reads the bytes that {@linkcode encodeEndpoint} writes. */
export function decodeEndpoint(bytes: Uint8Array<ArrayBuffer>): Endpoint {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const family = view.getUint16(0, true);
  const offset = family === ADDRESS_FAMILY.ipv4 ? 4 : 8;
  const text = new Uint8Array(46);
  const result = libc().inet_ntop(family, bytes.subarray(offset), text, text.length);
  checked("inet_ntop", result === null ? -1 : 0);
  const address = new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
  return { address, port: view.getUint16(2) };
}
