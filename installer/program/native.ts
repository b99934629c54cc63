/**
 * Three system calls that the runtime has no API for: swapping two files in one step, and changing the
 * root before becoming another program. Results follow the kernel: ≥ 0, or the negative errno.
 *
 * @module
 */
import { cString, kernelResult, lazyCLibrary } from "core/host/c_library.ts";

const SYMBOLS = {
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
  chroot: { parameters: ["buffer"], result: "i32" },
  chdir: { parameters: ["buffer"], result: "i32" },
  execv: { parameters: ["buffer", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const libc = lazyCLibrary(SYMBOLS);

/** errno values that callers tell apart. */
export const ERRNO = { ENOENT: 2, EINVAL: 22, ENOSYS: 38, EOPNOTSUPP: 95 } as const;

const AT_FDCWD = -100;

/** Swaps what the two paths name, in one step that no reader can see half of: renameat2(2), RENAME_EXCHANGE. */
export function exchange(a: string, b: string): number {
  return kernelResult(libc().renameat2(AT_FDCWD, cString(a), AT_FDCWD, cString(b), 2));
}

/** Renames, but never over something that is there: renameat2(2), RENAME_NOREPLACE. EEXIST is -17. */
export function renameIfFree(from: string, to: string): number {
  return kernelResult(libc().renameat2(AT_FDCWD, cString(from), AT_FDCWD, cString(to), 1));
}

/**
 * Makes `root` this process's root and becomes the program at `path` in it, without arguments. Returns only
 * when it failed: the negative errno.
 */
export function becomeIn(root: string, path: string): number {
  const entered = kernelResult(libc().chroot(cString(root)));
  if (entered < 0) return entered;
  const moved = kernelResult(libc().chdir(cString("/")));
  if (moved < 0) return moved;
  const program = cString(path);
  const pointer = Deno.UnsafePointer.of(program);
  const argv = new BigUint64Array([Deno.UnsafePointer.value(pointer), 0n]);
  return kernelResult(libc().execv(program, argv));
}
