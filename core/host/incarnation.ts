/**
 * What tells a network namespace from others that had its inode before: a number that is free comes again.
 *
 * @module
 */
import { cookieOfSocket } from "./netns.ts";
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

/** Whether something was noted about the namespace that the main thread is in; of its inode is known already. */
export function isOfThisNetns({ boot, cookie }: Incarnation): boolean {
  const now = incarnation();
  return boot === now.boot &&
    (cookie === undefined || now.cookie === undefined || cookie === now.cookie);
}
