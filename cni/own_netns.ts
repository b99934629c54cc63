/**
 * The guard against changing the host's own rules.
 *
 * @module
 */
import type { Invocation } from "core/cni/invocation.ts";

/**
 * Whether the namespace that the runtime names is the one that this process is in. A path that cannot be
 * looked at is not: DEL must succeed with the namespace gone, and ADD says later what is wrong with it.
 */
export function isHostNetns({ netns, netnsOverride }: Invocation): boolean {
  if (netns === "" || netnsOverride) return false;
  try {
    const own = Deno.statSync("/proc/self/ns/net");
    const named = Deno.statSync(netns);
    return own.ino === named.ino && own.dev === named.dev;
  } catch {
    return false;
  }
}
