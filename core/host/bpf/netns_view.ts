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
import { close, ERRNO, errnoText, openReadOnly, setns } from "../libc.ts";
import { readProcFile } from "../proc.ts";
import { netnsCookie } from "./netns_cookie.ts";

const CLONE_NEWNET = 0x40000000;

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
  throw new KumaError(
    "KUMA-HOST-111",
    `cannot open the network namespace ${path}: ${errnoText(fd)}`,
  );
}

function enter(fd: number, path: string): void {
  const result = setns(fd, CLONE_NEWNET);
  if (result >= 0) return;
  throw new KumaError(
    "KUMA-HOST-113",
    `cannot enter the namespace ${path}: ${errnoText(result)}`,
    result === -ERRNO.EPERM ? { hint: "run as root with CAP_SYS_ADMIN" } : {},
  );
}
