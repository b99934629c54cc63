/**
 * Pods with a user namespace of their own (`hostUsers: false`). The programs see users as the node numbers them, while a
 * pod's configuration says what the pod calls them.
 *
 * When a pod is added no process is in its user namespace yet whose `/proc/PID/uid_map` could be read, and a process of
 * several threads may not enter it. So the kernel is asked by files: one of user N, in a mount that it is told to show as
 * that namespace numbers users (mount_setattr(2), MOUNT_ATTR_IDMAP), belongs to N's number on the node. A tmpfs can be
 * mounted so since Linux 6.3, which such pods need themselves.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { NumberRange, ResolvedConfig } from "core/proxy/resolved.ts";
import { close, errnoText, ioctl, openReadOnly } from "../libc.ts";
import { systemCalls } from "../system_call.ts";
import { cString } from "../c_library.ts";

/** ioctl_ns(2): a descriptor of the user namespace that owns a namespace. */
const NS_GET_USERNS = 0xb701;

/** What the kernel shows where a user has no number (`/proc/sys/kernel/overflowuid` as it is everywhere). */
const NOBODY = 65534;

/** A configuration as the node numbers users. */
export interface PodUsers {
  readonly config: ResolvedConfig;
  readonly sidecarUid: number;
}

/**
 * The configuration for a network namespace as the node numbers users; the same where that is how the namespace's owner
 * numbers them. Of users that are excluded only those remain that the namespace has.
 *
 * @throws {KumaError} `KUMA-BPF-024` where the kernel does not tell, or the sidecar is no user of the namespace;
 *   `KUMA-HOST-111` where nothing is at `netns`.
 */
export function onNode(netns: string, pod: PodUsers): PodUsers {
  const owner = otherOwner(netns);
  if (owner === undefined) return pod;
  try {
    using numbers = new Numbers(owner);
    const { config } = pod;
    const excludeUids = config.outbound.excludeUids.flatMap((rule) => {
      const uids = numbers.range(rule.uids);
      return uids === undefined ? [] : [{ ...rule, uids }];
    });
    const sidecarUid = numbers.of(pod.sidecarUid);
    if (sidecarUid === undefined) {
      throw unable(`the sidecar's user ${pod.sidecarUid} is none of its users`);
    }
    return { config: { ...config, outbound: { ...config.outbound, excludeUids } }, sidecarUid };
  } finally {
    close(owner);
  }
}

/** A descriptor of the user namespace that owns a network namespace, where that is another than ours. */
function otherOwner(path: string): number | undefined {
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
    if (owner < 0) return undefined; // Not ours to see: an ancestor's. Its numbers are at least ours.
    if (inodeOf(`/proc/self/fd/${owner}`) !== inodeOf("/proc/self/ns/user")) return owner;
    close(owner);
    return undefined;
  } finally {
    close(netns);
  }
}

const kernel = systemCalls({
  fchownat: ["i32", "buffer", "u32", "u32", "i32"],
  fsconfig: ["i32", "u32", "pointer", "pointer", "i32"],
  fsmount: ["i32", "u32", "u32"],
  fsopen: ["buffer", "u32"],
  mount_setattr: ["i32", "buffer", "u32", "buffer", "usize"],
  openat: ["i32", "buffer", "i32", "i32"],
  open_tree: ["i32", "buffer", "u32"],
});

const CLOEXEC = 1;
const FSCONFIG_CMD_CREATE = 6;
const OPEN_TREE_CLONE = 1, OPEN_TREE_CLOEXEC = 0o2000000, AT_EMPTY_PATH = 0x1000;
const O_CREAT = 0o100, O_CLOEXEC = 0o2000000, OWNER_ONLY = 0o600;
const MOUNT_ATTR_IDMAP = 0x00100000n;
const SAME_GROUP = 0xffffffff;

/** A user namespace's users by their numbers on the node. */
class Numbers implements Disposable {
  /** The file system, nowhere mounted: as the node sees it, and as the namespace's owner does. */
  readonly #plain: number;
  readonly #mapped: number;

  constructor(userNamespace: number) {
    const context = made("fsopen", kernel.fsopen(cString("tmpfs"), CLOEXEC));
    try {
      made("fsconfig", kernel.fsconfig(context, FSCONFIG_CMD_CREATE, null, null, 0));
      this.#plain = made("fsmount", kernel.fsmount(context, CLOEXEC, 0));
    } finally {
      close(context);
    }
    const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
    try {
      this.#mapped = made("open_tree", kernel.open_tree(this.#plain, cString(""), flags));
    } catch (error) {
      close(this.#plain);
      throw error;
    }
    // struct mount_attr: what to set, what to clear, propagation, the namespace.
    const wish = BigUint64Array.of(MOUNT_ATTR_IDMAP, 0n, 0n, BigInt(userNamespace));
    const bytes = new Uint8Array(wish.buffer);
    try {
      made(
        "mount_setattr",
        kernel.mount_setattr(this.#mapped, cString(""), AT_EMPTY_PATH, bytes, BigInt(bytes.length)),
      );
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The number of a user; undefined where the namespace has none of this number. */
  of(uid: number): number | undefined {
    const name = cString(`${uid}`);
    const flags = O_CREAT | O_CLOEXEC;
    close(made("openat", kernel.openat(this.#plain, name, flags, OWNER_ONLY)));
    made("fchownat", kernel.fchownat(this.#plain, name, uid, SAME_GROUP, 0));
    const shown = Deno.statSync(`/proc/self/fd/${this.#mapped}/${uid}`).uid;
    return shown === null || shown === NOBODY ? undefined : shown;
  }

  /** Users as far as the namespace has them, in one piece, as a kubelet maps them; undefined where it has none. */
  range({ from, to }: NumberRange): NumberRange | undefined {
    const first = this.of(from);
    if (first === undefined) return undefined;
    const has = (uid: number) => this.of(uid) === first + (uid - from);
    let known = from, beyond = to + 1;
    if (has(to)) known = to;
    while (known < to && beyond - known > 1) {
      const middle = Math.floor((known + beyond) / 2);
      if (has(middle)) known = middle;
      else beyond = middle;
    }
    return { from: first, to: first + (known - from) };
  }

  [Symbol.dispose](): void {
    close(this.#mapped);
    close(this.#plain);
  }
}

function made(call: string, result: number): number {
  if (result >= 0) return result;
  throw unable(`its user numbers cannot be found out (${call}: ${errnoText(result)})`);
}

function unable(why: string): KumaError {
  return new KumaError(
    "KUMA-BPF-024",
    `the pod has a user namespace of its own (hostUsers: false), and ${why}`,
    { hint: "use iptables or nftables for it, or do not set hostUsers to false" },
  );
}

function inodeOf(path: string): number | null {
  return Deno.statSync(path).ino;
}
