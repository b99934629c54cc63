import { ipv6Groups, mappedIpv4 } from "core/grammar/address.ts";

/**
 * Who an address stands for where limits count: IPv4 addresses one by one, of IPv6 the first 64 bits, since
 * whoever has one address of such a network mostly has them all (RFC 6177).
 */
export function peerOf(address: string): string {
  const plain = address.split("%")[0] ?? "";
  const ipv4 = mappedIpv4(plain);
  if (ipv4 !== undefined) return ipv4;
  const groups = ipv6Groups(plain);
  return groups === undefined
    ? address
    : `${groups.slice(0, 4).map((group) => group.toString(16)).join(":")}::/64`;
}
