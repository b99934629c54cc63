/**
 * Fresh network namespaces for measured runs: each run gets its own, with an IPv4 and an IPv6 address.
 *
 * @module
 */
import { runOrFail, type Subject } from "./measure.ts";

/** Makes a namespace that looks like a pod's: loopback up, an interface with both families. */
export async function makeNamespace(name: string): Promise<void> {
  await runOrFail(["ip", "netns", "add", name]);
  for (
    const args of [
      ["link", "set", "lo", "up"],
      ["link", "add", "eth0", "type", "veth", "peer", "name", "peer0"],
      ["link", "set", "peer0", "up"],
      ["addr", "add", "10.61.0.2/24", "dev", "eth0"],
      ["-6", "addr", "add", "fd61::2/64", "dev", "eth0", "nodad"],
      ["link", "set", "eth0", "up"],
    ]
  ) await runOrFail(["ip", "-n", name, ...args]);
}

/** Takes a namespace away. */
export async function dropNamespace(name: string): Promise<void> {
  await runOrFail(["ip", "netns", "delete", name]);
}

/** Makes a namespace one in which iptables-legacy is in use, which then is the flavour that is taken. */
export async function usesLegacy(name: string): Promise<void> {
  const inside = ["ip", "netns", "exec", name, "iptables-legacy", "-t", "mangle"];
  await runOrFail([...inside, "-A", "POSTROUTING", "-j", "ACCEPT"]);
}

/** A subject that runs `argv` inside a fresh namespace each time; `before` readies it, untimed. */
export function inFreshNamespace(
  label: string,
  argv: readonly string[],
  options: { stdin?: string; before?: (namespace: string) => Promise<void> } = {},
): Subject {
  return {
    argv,
    ...(options.stdin !== undefined && { stdin: options.stdin }),
    prepare: async (run) => {
      const name = `bench-${label}-${Deno.pid}-${run}-${crypto.randomUUID().slice(0, 8)}`;
      await makeNamespace(name);
      await options.before?.(name);
      return {
        argv: ["ip", "netns", "exec", name, ...argv],
        dispose: () => dropNamespace(name),
      };
    },
  };
}
