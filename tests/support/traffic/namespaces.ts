/**
 * Network namespaces for tests and the demo, and the sockets' way into them.
 *
 * @module
 */
import { must, run } from "../processes.ts";
import { checked, cString, libc } from "./socket_calls.ts";

const O_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x40000000;

/** One end of a veth pair: the namespace it is in, and its addresses with prefix lengths. */
export interface LinkEnd {
  readonly ns: string;
  readonly iface: string;
  readonly addresses: readonly string[];
}

/** Arguments that run a program inside the namespace: `[...inside(ns), "iptables-save"]`. */
export function inside(ns: string): string[] {
  return ["nsenter", `--net=/run/netns/${ns}`, "--"];
}

/**
 * Makes a namespace whose loopback is up, and whose later links need no duplicate address detection:
 * until that is over, two seconds or more, neighbours do not answer.
 */
export async function addNamespace(ns: string): Promise<void> {
  await must("ip", ["netns", "add", ns]);
  withinNamespace(ns, () => {
    for (const scope of ["all", "default"]) {
      Deno.writeTextFileSync(`/proc/sys/net/ipv6/conf/${scope}/accept_dad`, "0");
    }
  });
  await must("ip", ["-n", ns, "link", "set", "lo", "up"]);
}

/** Removes a namespace; one that is not there is no error. */
export async function removeNamespace(ns: string): Promise<void> {
  await run("ip", ["netns", "delete", ns]);
}

/**
 * Joins two namespaces by a veth pair whose addresses work at once: without duplicate address detection,
 * and with the IPv6 neighbours already known (a fresh link loses its first solicitation, the next one
 * comes a second later).
 */
export async function joinNamespaces(a: LinkEnd, b: LinkEnd): Promise<void> {
  const macs = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"] as const;
  await must("ip", [
    ...["link", "add", a.iface, "netns", a.ns, "address", macs[0], "type", "veth"],
    ...["peer", "name", b.iface, "netns", b.ns, "address", macs[1]],
  ]);
  await bringUp(a, b, macs[1]);
  await bringUp(b, a, macs[0]);
}

async function bringUp(end: LinkEnd, other: LinkEnd, otherMac: string): Promise<void> {
  const ip = (...args: string[]) => must("ip", ["-n", end.ns, ...args]);
  for (const address of end.addresses) {
    const noDad = address.includes(":") ? ["nodad"] : [];
    await ip("address", "add", address, "dev", end.iface, ...noDad);
  }
  await ip("link", "set", end.iface, "up");
  for (const address of other.addresses.filter((candidate) => candidate.includes(":"))) {
    const [host = ""] = address.split("/");
    await ip("neigh", "replace", host, "lladdr", otherMac, "dev", end.iface, "nud", "permanent");
  }
}

/** Sends what no other route takes through a gateway of either family. */
export async function addDefaultRoute(ns: string, gateway: string): Promise<void> {
  await must("ip", ["-n", ns, "route", "add", "default", "via", gateway]);
}

/**
 * Runs synchronous `work` with the calling thread inside the namespace, then goes back. A socket made by
 * `work` stays in that namespace for ever, whichever thread uses it.
 */
export function withinNamespace<T>(ns: string, work: () => T): T {
  const home = openNamespace("/proc/thread-self/ns/net");
  try {
    const there = openNamespace(`/run/netns/${ns}`);
    try {
      checked("setns", libc().setns(there, CLONE_NEWNET));
    } finally {
      libc().close(there);
    }
    try {
      return work();
    } finally {
      checked("setns", libc().setns(home, CLONE_NEWNET));
    }
  } finally {
    libc().close(home);
  }
}

function openNamespace(path: string): number {
  return checked(`open ${path}`, libc().open(cString(path), O_CLOEXEC, 0));
}
