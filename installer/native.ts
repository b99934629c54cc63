/**
 * Three system calls that the runtime has no API for: swapping two files in one step, and changing the
 * root before becoming another program. Results follow the kernel: ≥ 0, or the negative errno.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

const SYMBOLS = {
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
  chroot: { parameters: ["buffer"], result: "i32" },
  chdir: { parameters: ["buffer"], result: "i32" },
  execv: { parameters: ["buffer", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

let library: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;

/** errno values that callers tell apart. */
export const ERRNO = { ENOENT: 2, EINVAL: 22, ENOSYS: 38, EOPNOTSUPP: 95 } as const;

const AT_FDCWD = -100;

/** Swaps what the two paths name, in one step that no reader can see half of: renameat2(2), RENAME_EXCHANGE. */
export function exchange(a: string, b: string): number {
  return answer(libc().renameat2(AT_FDCWD, cString(a), AT_FDCWD, cString(b), 2));
}

/** Renames, but never over something that is there: renameat2(2), RENAME_NOREPLACE. EEXIST is -17. */
export function renameIfFree(from: string, to: string): number {
  return answer(libc().renameat2(AT_FDCWD, cString(from), AT_FDCWD, cString(to), 1));
}

/**
 * Makes `root` this process's root and becomes the program at `path` in it, without arguments. Returns only
 * when it failed: the negative errno.
 */
export function becomeIn(root: string, path: string): number {
  const entered = answer(libc().chroot(cString(root)));
  if (entered < 0) return entered;
  const moved = answer(libc().chdir(cString("/")));
  if (moved < 0) return moved;
  const program = cString(path);
  const pointer = Deno.UnsafePointer.of(program);
  const argv = new BigUint64Array([Deno.UnsafePointer.value(pointer), 0n]);
  return answer(libc().execv(program, argv));
}

function libc(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  if (library === undefined) {
    try {
      library = Deno.dlopen("libc.so.6", SYMBOLS);
    } catch (cause) {
      throw new KumaError("KUMA-HOST-110", `the C library cannot be opened: ${cause}`, { cause });
    }
  }
  return library.symbols;
}

function answer(result: number): number {
  if (result >= 0) return result;
  const pointer = libc().__errno_location();
  return pointer === null ? -ERRNO.EINVAL : -new Deno.UnsafePointerView(pointer).getInt32();
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError("a path with a NUL character names no file");
  return new TextEncoder().encode(`${text}\0`);
}
