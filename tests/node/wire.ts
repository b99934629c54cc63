/**
 * The wire between two nodes.
 *
 * @module
 */
import { must } from "../support/processes.ts";
import type { NodeSpec } from "./spec.ts";

/** A node's description, and a process of its network namespace. */
export interface Plug {
  readonly spec: NodeSpec;
  readonly pid: number;
}

/**
 * Plugs the other end of a node's wire into the first node, and has each route to the other's pods. The wire goes with
 * either node's network namespace.
 */
export async function connect(first: Plug, second: Plug): Promise<void> {
  const on = async ({ pid }: Plug, line: string) => {
    await must("nsenter", ["-t", String(pid), "-n", "--", "ip", ...line.split(" ")]);
  };
  const { name, addresses, podSubnets } = second.spec;
  await on(second, `link set wire1 netns ${first.pid} name ${name}`);
  await on(first, `link set ${name} up`);
  for (const [at, to] of addresses.entries()) {
    const near = first.spec.addresses[at], pods = podSubnets[at];
    if (to === undefined || near === undefined || pods === undefined) continue;
    const single = to.includes(":") ? 128 : 32;
    // Nobody answers a neighbour's question for an IPv6 address of another interface.
    if (single === 128) await on(first, `addr add ${near}/${single} dev ${name} nodad`);
    await on(first, `route add ${to}/${single} dev ${name}`);
    await on(first, `route add ${pods} via ${to} dev ${name}`);
    const family = single === 128 ? "-6" : "-4";
    await on(second, `${family} route replace default via ${near} dev wire0`);
  }
}
