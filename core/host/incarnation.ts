/**
 * What tells a network namespace from others that had its inode before: a number that is free comes again.
 *
 * @module
 */
import { cookieOfSocket, netnsInode } from "./netns.ts";
import { readProcFile } from "./proc.ts";

/** Tells one boot from another. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** Kept with what is noted about a namespace. */
export interface Incarnation {
  readonly boot: string;
  /** The kernel never gives one twice; absent before Linux 5.14, which gives none. */
  readonly cookie?: string;
}

/** That of the namespace that the main thread is in. */
export function incarnation(): Incarnation {
  const boot = readProcFile(BOOT_ID).trim();
  const cookie = cookieOfSocket();
  return typeof cookie === "bigint" ? { boot, cookie: String(cookie) } : { boot };
}

/**
 * Whether something was noted about the namespace that the main thread is in; of its inode is known already. What has no
 * cookie is believed where the kernel gives none, and in the namespace of process 1, whose inode nobody had before.
 *
 * @param now of the namespace that the main thread is in
 * @throws {TypeError} it cannot be told: an older version wrote it, which noted no cookie
 */
export function isOfThisNetns({ boot, cookie }: Incarnation, now = incarnation()): boolean {
  if (boot !== now.boot) return false;
  if (cookie !== undefined && now.cookie !== undefined) return cookie === now.cookie;
  if (now.cookie === undefined || isThatOfFirstProcess()) return true;
  throw new TypeError(
    "an older version wrote it, which did not note what tells this network namespace from one that had its number before",
  );
}

function isThatOfFirstProcess(): boolean {
  try {
    return netnsInode() === netnsInode("/proc/1/ns/net");
  } catch {
    // Where it cannot be looked at, nobody can tell.
    return false;
  }
}
