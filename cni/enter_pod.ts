/**
 * The step from the host into the pod: from here on only synchronous file operations and children are
 * in the right namespaces, and the process never comes back.
 *
 * @module
 */
import { enterMountSandbox, NO_NAME_SERVICE, OWN_LOCK } from "core/host/mount_sandbox.ts";
import { enterNetns } from "core/host/netns.ts";
import type { Logger } from "core/log/logger.ts";
import { takePodTurn } from "./turn.ts";

/**
 * The pod's network namespace, once it was entered: for legacy iptables to lock. Not the runtime's path: were
 * that gone by now, iptables would make a file there.
 */
export const ENTERED_NETNS = "/proc/self/ns/net";

/**
 * Enters the pod's network namespace, alone.
 *
 * @throws {KumaError} `KUMA-HOST-111` to `-113` the namespace cannot be entered.
 */
export async function enterPod(netns: string, log: Logger): Promise<void> {
  enterNetns(netns);
  await takePodTurn(log);
}

/** Enters the sandbox in which iptables asks no name service and waits for no lock of the node. */
export function enterSandbox(log: Logger): void {
  const sandbox = enterMountSandbox({ ...NO_NAME_SERVICE, ...OWN_LOCK });
  if (!sandbox.ok) {
    log.warn("iptables runs without its mount sandbox", {
      reason: sandbox.reason,
    });
  }
}
