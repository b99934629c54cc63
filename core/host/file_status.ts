/**
 * What stat(2) tells, asked of the kernel itself: the runtime's own call takes a program that has just started 0.2 ms the
 * first time, as its code has to be compiled.
 *
 * @module
 */
import { cString } from "./c_library.ts";
import { systemCalls } from "./system_call.ts";

const kernel = systemCalls({ newfstatat: ["i32", "buffer", "buffer", "i32"] });

/** A file, or whatever else has a name. */
export interface FileStatus {
  /** `st_mode`: its kind and its permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly inode: number;
}

/** Kinds of `st_mode` (inode(7)). */
export const KIND = { mask: 0o170000, file: 0o100000, folder: 0o40000, link: 0o120000 } as const;

/** Where `struct stat` has the members: <asm/stat.h> of x86-64, and <asm-generic/stat.h>. */
const PLACES = {
  x86_64: { mode: 24, uid: 28, gid: 32 },
  aarch64: { mode: 16, uid: 24, gid: 28 },
} as const;
const INODE = 8, SIZE = 144;

/** What is at the path, links followed; or the negative errno. */
export function statusAt(path: string): FileStatus | number {
  return status(path, 0);
}

/** What has this name, a link being one; or the negative errno. */
export function statusOfName(path: string): FileStatus | number {
  const AT_SYMLINK_NOFOLLOW = 0x100;
  return status(path, AT_SYMLINK_NOFOLLOW);
}

function status(path: string, flags: number): FileStatus | number {
  const AT_FDCWD = -100;
  const buffer = new Uint8Array(SIZE);
  const result = kernel.newfstatat(AT_FDCWD, cString(path), buffer, flags);
  if (result < 0) return result;
  const view = new DataView(buffer.buffer);
  const { mode, uid, gid } = PLACES[Deno.build.arch];
  return {
    mode: view.getUint32(mode, true),
    uid: view.getUint32(uid, true),
    gid: view.getUint32(gid, true),
    inode: Number(view.getBigUint64(INODE, true)),
  };
}
