/**
 * Pods with a user namespace of their own (`hostUsers: false`).
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { close, errnoText, ioctl, openReadOnly } from "../libc.ts";

/** ioctl_ns(2): a descriptor of the user namespace that owns a namespace. */
const NS_GET_USERNS = 0xb701;

/**
 * Refuses a namespace whose users are numbered otherwise than ours: the programs see the node's numbers, would not know
 * the sidecar by them, and would give it back its own connections.
 *
 * @throws {KumaError} `KUMA-BPF-024` where it is one, `KUMA-HOST-111` where nothing is at `path`.
 */
export function requireOwnUsers(path: string): void {
  const netns = openReadOnly(path);
  if (netns < 0) {
    throw new KumaError(
      "KUMA-HOST-111",
      `cannot open the network namespace ${path}: ${errnoText(netns)}`,
      { hint: "give the path of a namespace, such as /run/netns/NAME or /proc/PID/ns/net" },
    );
  }
  try {
    const owner = ioctl(netns, NS_GET_USERNS, new Uint8Array(8));
    if (owner < 0) return; // Not ours to see: an ancestor's. Its numbers are at least ours.
    try {
      if (inodeOf(`/proc/self/fd/${owner}`) === inodeOf("/proc/self/ns/user")) return;
    } finally {
      close(owner);
    }
  } finally {
    close(netns);
  }
  throw new KumaError(
    "KUMA-BPF-024",
    "the pod has a user namespace of its own (hostUsers: false), in which eBPF programs cannot tell the sidecar",
    { hint: "use iptables or nftables for it, or do not set hostUsers to false" },
  );
}

function inodeOf(path: string): number | null {
  return Deno.statSync(path).ino;
}
