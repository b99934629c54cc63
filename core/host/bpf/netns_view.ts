/**
 * What the entries of a pod need to know of its network namespace.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import {
  addPassthroughIpv6,
  hasUsableIpv6,
  interfaceIndex,
  interfaceNames,
  isUp,
  loopbackInterface,
} from "../interfaces.ts";
import { close, datagramSocket, errnoText, getsockopt, openReadOnly, setns } from "../libc.ts";
import { readProcFile } from "../proc.ts";

const CLONE_NEWNET = 0x40000000;
const AF_INET = 2, SOL_SOCKET = 1, SO_NETNS_COOKIE = 71;

/** One namespace, as it is now. */
export interface NetnsView {
  /** Its cookie. */
  readonly netns: bigint;
  readonly addresses: readonly string[];
  readonly forwards: boolean;
  /** All interfaces but loopback. */
  readonly interfaces: readonly { readonly name: string; readonly index: number }[];
}

/**
 * Runs synchronous `work` with the main thread inside the network namespace at `path`, then goes back.
 *
 * @throws {KumaError} `KUMA-HOST-113` where the kernel refuses to go there, or back.
 */
export function withinNetns<T>(path: string, work: () => T): T {
  const home = open("/proc/thread-self/ns/net");
  try {
    const there = open(path);
    try {
      enter(there, path);
    } finally {
      close(there);
    }
    try {
      return work();
    } finally {
      enter(home, "our own");
    }
  } finally {
    close(home);
  }
}

/**
 * Looks at the namespace; where it has IPv6, gives its loopback the address ::6, which Envoy calls applications from.
 *
 * @throws {KumaError} `KUMA-HOST-113`, `-120`, `-121`, or `KUMA-BPF-019` where the kernel gives it no cookie.
 */
export function prepareNetns(path: string): NetnsView {
  withinNetns(path, () => {
    if (hasUsableIpv6()) addPassthroughIpv6(loopbackInterface());
  });
  return inspectNetns(path);
}

/**
 * Looks at the namespace; changes nothing.
 *
 * @throws {KumaError} `KUMA-HOST-113`, `-120`, or `KUMA-BPF-019` where the kernel gives it no cookie.
 */
export function inspectNetns(path: string): NetnsView {
  return withinNetns(path, () => {
    const loopback = loopbackInterface();
    const names = interfaceNames(readProcFile("/proc/thread-self/net/dev"))
      .filter((name) => name !== loopback);
    return {
      netns: netnsCookie(),
      addresses: [...new Set(Deno.networkInterfaces().map(({ address }) => address))],
      // Pods inherit the node's setting, but with one interface nothing can pass through.
      forwards: names.filter(isUp).length > 1 &&
        ["ipv4/ip_forward", "ipv6/conf/all/forwarding"].some(isOn),
      interfaces: names.map((name) => ({ name, index: interfaceIndex(name) })),
    };
  });
}

/**
 * Cookie of the namespace at `path`.
 *
 * @throws {KumaError} `KUMA-HOST-111`, `-113` where it cannot be entered, `KUMA-BPF-019`
 */
export function netnsCookieOf(path: string): bigint {
  return withinNetns(path, netnsCookie);
}

/**
 * Cookie of the namespace that the main thread is in; Linux 5.14.
 *
 * @throws {KumaError} `KUMA-BPF-019` where the kernel gives it none.
 */
export function netnsCookie(): bigint {
  const socket = datagramSocket(AF_INET);
  const cookie = new Uint8Array(8);
  const result = socket < 0 ? socket : getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, cookie);
  if (socket >= 0) close(socket);
  if (result >= 0) return new DataView(cookie.buffer).getBigUint64(0, true);
  throw new KumaError(
    "KUMA-BPF-019",
    `the kernel gives the network namespace no cookie: ${errnoText(result)}`,
    { hint: "Linux 5.14 and newer do" },
  );
}

function isOn(name: string): boolean {
  try {
    return readProcFile(`/proc/sys/net/${name}`).trim() !== "0";
  } catch (error) {
    // A kernel without IPv6 forwards none.
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function open(path: string): number {
  const fd = openReadOnly(path);
  if (fd >= 0) return fd;
  throw new KumaError("KUMA-HOST-111", `cannot open the namespace ${path}: ${errnoText(fd)}`);
}

function enter(fd: number, path: string): void {
  const result = setns(fd, CLONE_NEWNET);
  if (result >= 0) return;
  throw new KumaError("KUMA-HOST-113", `cannot enter the namespace ${path}: ${errnoText(result)}`);
}
