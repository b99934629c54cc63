/**
 * Entering the network namespace of a pod.
 *
 * After `enterNetns` only synchronous calls and children see the namespace: asynchronous file operations
 * run on pool threads that stay where they were. Nothing ever leaves a namespace again; the process ends.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { statusAt } from "./file_status.ts";
import {
  close,
  datagramSocket,
  ERRNO,
  errnoText,
  fileSystemType,
  getsockopt,
  openReadOnly,
  setns,
} from "./libc.ts";
import { adoptOwner } from "./user_namespace.ts";

const NSFS_MAGIC = 0x6e736673;
const PROC_SUPER_MAGIC = 0x9fa0;
const CLONE_NEWNET = 0x40000000;

/**
 * Moves the main thread, and every child it starts from now on, into the network namespace at `path`
 * (`/run/netns/NAME` or `/proc/PID/ns/net`).
 *
 * @throws {KumaError} `KUMA-HOST-111` nothing is there, `-112` what is there is no network namespace,
 *   `-113` the kernel refuses.
 */
export function enterNetns(path: string): void {
  const fd = openNetns(path);
  try {
    const result = setns(fd, CLONE_NEWNET);
    if (result === -ERRNO.EINVAL) throw notANetns(path, "the namespace is of another kind");
    if (result < 0) {
      throw new KumaError(
        "KUMA-HOST-113",
        `cannot enter the network namespace "${path}": ${errnoText(result)}`,
        result === -ERRNO.EPERM ? { hint: "run as root with CAP_SYS_ADMIN" } : {},
      );
    }
    adoptOwner(fd);
  } finally {
    close(fd);
  }
}

/**
 * Inode that identifies a network namespace; the calling thread's own without a path.
 *
 * @throws {Deno.errors.NotFound} nothing is at `path`.
 */
export function netnsInode(path = "/proc/thread-self/ns/net"): number {
  const found = statusAt(path);
  if (typeof found !== "number") return found.inode;
  // Fails in the same way, and says so in an error of the documented kind.
  Deno.statSync(path);
  throw new Error(`cannot look at "${path}": ${errnoText(found)}`);
}

/**
 * Cookie of the namespace that the main thread is in (SO_NETNS_COOKIE, Linux 5.14), which the kernel never gives to
 * another one; the negative errno where it does not tell.
 */
export function cookieOfSocket(): bigint | number {
  const AF_INET = 2, SOL_SOCKET = 1, SO_NETNS_COOKIE = 71;
  const socket = datagramSocket(AF_INET);
  if (socket < 0) return socket;
  const cookie = new Uint8Array(8);
  const result = getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, cookie);
  close(socket);
  return result < 0 ? result : new DataView(cookie.buffer).getBigUint64(0, true);
}

function openNetns(path: string): number {
  const fd = openReadOnly(path);
  if (fd === -ERRNO.ENOENT) {
    throw new KumaError("KUMA-HOST-111", `the network namespace "${path}" does not exist`, {
      hint: "the sandbox is gone or was never created; the runtime makes a new one",
    });
  }
  if (fd < 0) {
    throw new KumaError(
      "KUMA-HOST-111",
      `the network namespace "${path}" cannot be opened: ${errnoText(fd)}`,
    );
  }
  const type = fileSystemType(fd);
  if (type === NSFS_MAGIC || type === PROC_SUPER_MAGIC) return fd;
  close(fd);
  throw notANetns(path, "the path is on no namespace file system");
}

function notANetns(path: string, why: string): KumaError {
  return new KumaError("KUMA-HOST-112", `"${path}" is not a network namespace: ${why}`);
}
