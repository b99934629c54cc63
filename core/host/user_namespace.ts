/**
 * Pods with a user namespace of their own (`hostUsers: false`). The kernel takes a rule with `-m owner`
 * only from a writer in the user namespace that owns the network namespace: its `--uid-owner` means a user
 * of that namespace. A process of several threads, such as this one, may not enter a user namespace, so
 * there a child that writes enters it by nsenter(1) (of util-linux or BusyBox) before it becomes the
 * program. Children that read stay outside: within, /proc/net/ip_tables_names may be closed to them.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { close, ioctl } from "./libc.ts";

/** ioctl_ns(2): a descriptor of the user namespace that owns a namespace. */
const NS_GET_USERNS = 0xb701;

/** Where nsenter is looked for behind PATH. */
const DIRECTORIES = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/** Path of the owner's descriptor, where the owner is another user namespace than ours. */
let owner: string | undefined;

/**
 * The words that go ahead of a writing child's own: none unless {@linkcode adoptOwner} found another owner.
 *
 * @throws {KumaError} `KUMA-HOST-114` it did, and there is no nsenter.
 */
export function ownerEntry(): readonly string[] {
  return owner === undefined ? [] : [findNsenter(), `-U${owner}`];
}

/**
 * Makes writing children run in the user namespace that owns the network namespace behind the descriptor,
 * where that is another than ours. What is written through netlink needs no such thing: the kernel itself
 * counts users there as that namespace does (`meta skuid`).
 */
export function adoptOwner(netns: number): void {
  const fd = ioctl(netns, NS_GET_USERNS, new Uint8Array(8));
  // A kernel before 4.9 does not know the question, and runs no pod with users of its own.
  if (fd < 0) return;
  // Stays open as long as this process lives: children reach it through /proc.
  const path = `/proc/${Deno.pid}/fd/${fd}`;
  if (inodeOf(path) === inodeOf("/proc/self/ns/user")) close(fd);
  else owner = path;
}

function inodeOf(path: string): number | null {
  return Deno.statSync(path).ino;
}

function findNsenter(): string {
  const own = (Deno.env.get("PATH") ?? "").split(":").filter((one) => one.startsWith("/"));
  for (const directory of [...own, ...DIRECTORIES]) {
    try {
      const path = `${directory}/nsenter`;
      if (Deno.statSync(path).isFile) return path;
    } catch (error) {
      if (!(error instanceof Error)) throw error; // Not in this folder, or the folder is closed to us.
    }
  }
  throw new KumaError(
    "KUMA-HOST-114",
    "the pod has a user namespace of its own (hostUsers: false), which only nsenter can enter, and " +
      "this node has no nsenter",
    { hint: "install util-linux on the node, or do not set hostUsers to false" },
  );
}
