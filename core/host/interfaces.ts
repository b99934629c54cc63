/**
 * The network interfaces of the namespace that the main thread is in.
 *
 * Read from /proc/thread-self/net and by ioctl: sysfs shows the namespace in which it was mounted, so
 * after setns it still shows the host's interfaces.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { close, datagramSocket, ERRNO, errnoText, ioctl } from "./libc.ts";
import { readProcFile, readProcFileIfThere } from "./proc.ts";

const AF_INET = 2, AF_INET6 = 10;
const SIOCGIFFLAGS = 0x8913, SIOCGIFINDEX = 0x8933, SIOCSIFADDR = 0x8916;
const IFF_LOOPBACK = 0x8;
const IFNAMSIZ = 16, IFREQ_SIZE = 40;
const IPV6_LOOPBACK = "00000000000000000000000000000001";
const IPV6_PASSTHROUGH = "00000000000000000000000000000006";

/** One IPv6 address of an interface. */
export interface Ipv6Address {
  readonly iface: string;
  /** 32 hexadecimal digits, as the kernel prints them. */
  readonly hex: string;
  readonly prefixLength: number;
}

/**
 * Name of the first interface that carries the loopback flag; normally `lo`.
 *
 * @throws {KumaError} `KUMA-HOST-120` there is none, or interfaces cannot be asked.
 */
export function loopbackInterface(): string {
  const fd = openSocket(AF_INET);
  try {
    // The kernel makes one in each namespace and calls it so; only where it was renamed are all of them listed.
    if (isLoopback(fd, "lo")) return "lo";
    const names = interfaceNames(readProcFile("/proc/thread-self/net/dev"));
    const name = names.find((name) => isLoopback(fd, name));
    if (name !== undefined) return name;
  } finally {
    close(fd);
  }
  throw new KumaError("KUMA-HOST-120", "no interface of this network namespace is a loopback");
}

/** False for one that left between the list and the question. */
function isLoopback(socket: number, name: string): boolean {
  const request = ifreq(name);
  return ioctl(socket, SIOCGIFFLAGS, request) >= 0 &&
    (view(request).getUint16(IFNAMSIZ, true) & IFF_LOOPBACK) !== 0;
}

/** Interface names in the kernel's order from the text of /proc/net/dev. */
export function interfaceNames(text: string): string[] {
  const names: string[] = [];
  for (const line of text.split("\n").slice(2)) {
    const colon = line.lastIndexOf(":");
    if (colon > 0) names.push(line.slice(0, colon).trim());
  }
  return names;
}

/** Every IPv6 address of the namespace; empty where the kernel has IPv6 switched off. */
export function ipv6Addresses(): Ipv6Address[] {
  return parseIfInet6(readProcFileIfThere("/proc/thread-self/net/if_inet6") ?? "");
}

/** Reads the text of /proc/net/if_inet6: address, index, prefix length, scope, flags (hex), name. */
export function parseIfInet6(text: string): Ipv6Address[] {
  return text.split("\n").flatMap((line) => {
    const [hex, , prefix, , , iface] = line.split(" ").filter((word) => word !== "");
    if (hex?.length !== 32 || prefix === undefined || iface === undefined) return [];
    return [{ iface, hex, prefixLength: Number.parseInt(prefix, 16) }];
  });
}

/** Whether any address is not `::1`; a link-local one counts, as in Kuma 2.9. */
export function hasUsableIpv6(addresses: readonly Ipv6Address[] = ipv6Addresses()): boolean {
  return addresses.some((address) => address.hex !== IPV6_LOOPBACK);
}

/**
 * Whether traffic can leave by IPv6 for more than the next link: an address that is neither link-local (fe80::/10)
 * nor one of the loopback interface (`::1`, and `::6` of ours).
 */
export function hasRoutableIpv6(addresses: readonly Ipv6Address[] = ipv6Addresses()): boolean {
  return addresses.some(({ hex }) => !/^(?:fe[89ab]|0{31})/.test(hex));
}

/** Whether `::6` is there, which {@linkcode addPassthroughIpv6} adds. */
export function hasPassthroughIpv6(addresses: readonly Ipv6Address[] = ipv6Addresses()): boolean {
  return addresses.some((address) => address.hex === IPV6_PASSTHROUGH);
}

/**
 * Adds `::6/128` to the interface: the source that Envoy binds for inbound passthrough. An address that
 * is there already is fine.
 *
 * @throws {KumaError} `KUMA-HOST-121` the kernel refuses (no IPv6, no CAP_NET_ADMIN, no interface).
 */
export function addPassthroughIpv6(iface: string): void {
  const address = new Uint8Array(16);
  address[15] = 6;
  const fd = openSocket(AF_INET6);
  try {
    let result = askIndex(fd, iface);
    if (result >= 0) result = ioctl(fd, SIOCSIFADDR, in6Ifreq(address, 128, result));
    // The list counts, not the errno alone: that is read by a second call, and what the runtime does between the
    // two can overwrite it. Where EEXIST was lost like that, a repeated ADD went without IPv6.
    if (result >= 0 || result === -ERRNO.EEXIST || hasPassthroughIpv6()) return;
    throw new KumaError("KUMA-HOST-121", `cannot add ::6/128 to "${iface}": ${errnoText(result)}`);
  } finally {
    close(fd);
  }
}

/**
 * The index of an interface.
 *
 * @throws {KumaError} `KUMA-HOST-120` there is none of this name.
 */
export function interfaceIndex(iface: string): number {
  const fd = openSocket(AF_INET);
  try {
    const index = askIndex(fd, iface);
    if (index >= 0) return index;
    throw new KumaError(
      "KUMA-HOST-120",
      `cannot ask for interface "${iface}": ${errnoText(index)}`,
    );
  } finally {
    close(fd);
  }
}

/**
 * Whether an interface is up; false where it has just gone.
 *
 * @throws {KumaError} `KUMA-HOST-120` interfaces cannot be asked.
 */
export function isUp(iface: string): boolean {
  const IFF_UP = 0x1;
  const fd = openSocket(AF_INET);
  try {
    const request = ifreq(iface);
    if (ioctl(fd, SIOCGIFFLAGS, request) < 0) return false;
    return (view(request).getUint16(IFNAMSIZ, true) & IFF_UP) !== 0;
  } finally {
    close(fd);
  }
}

/** The index of an interface, or the negative errno. */
function askIndex(fd: number, iface: string): number {
  const query = ifreq(iface);
  const result = ioctl(fd, SIOCGIFINDEX, query);
  return result < 0 ? result : view(query).getInt32(IFNAMSIZ, true);
}

/** struct in6_ifreq of <linux/ipv6.h>: address, prefix length, interface index. */
function in6Ifreq(address: Uint8Array, prefixLength: number, index: number) {
  const request = new Uint8Array(24);
  request.set(address);
  view(request).setUint32(16, prefixLength, true);
  view(request).setInt32(20, index, true);
  return request;
}

function ifreq(name: string): Uint8Array<ArrayBuffer> {
  const request = new Uint8Array(IFREQ_SIZE);
  const bytes = new TextEncoder().encode(name);
  if (bytes.length === 0 || bytes.length >= IFNAMSIZ) {
    throw new KumaError("KUMA-HOST-120", `"${name}" cannot be the name of an interface`);
  }
  request.set(bytes);
  return request;
}

function openSocket(family: number): number {
  const fd = datagramSocket(family);
  if (fd >= 0) return fd;
  throw new KumaError(
    family === AF_INET6 ? "KUMA-HOST-121" : "KUMA-HOST-120",
    `cannot open a socket to ask for interfaces: ${errnoText(fd)}`,
  );
}

/** Every architecture we build for is little endian. */
function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
