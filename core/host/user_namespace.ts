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

let entry: readonly string[] = [];

/** The words that go ahead of a writing child's own: none unless {@linkcode adoptOwner} found an owner. */
export function ownerEntry(): readonly string[] {
  return entry;
}

/**
 * Makes writing children run in the user namespace that owns the network namespace behind the descriptor,
 * where that is another than ours.
 *
 * @throws {KumaError} `KUMA-HOST-114` it is another one, and there is no nsenter.
 */
export function adoptOwner(netns: number): void {
  const owner = ioctl(netns, NS_GET_USERNS, new Uint8Array(8));
  // A kernel before 4.9 does not know the question, and runs no pod with users of its own.
  if (owner < 0) return;
  // Stays open as long as this process lives: children reach it through /proc.
  const path = `/proc/${Deno.pid}/fd/${owner}`;
  if (inodeOf(path) === inodeOf("/proc/self/ns/user")) {
    close(owner);
    return;
  }
  entry = [findNsenter(), `-U${path}`];
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
