/**
 * Three system calls that the runtime has no API for: swapping two files in one step, and changing the
 * root before becoming another program. Results follow the kernel: ≥ 0, or the negative errno.
 *
 * @module
 */
import { cString } from "core/host/c_library.ts";
import { systemCalls } from "core/host/system_call.ts";

const kernel = systemCalls({
  renameat2: ["i32", "buffer", "i32", "buffer", "u32"],
  chroot: ["buffer"],
  chdir: ["buffer"],
  execve: ["buffer", "buffer", "buffer"],
});

/** errno values that callers tell apart. */
export const ERRNO = { ENOENT: 2, EINVAL: 22, ENOSYS: 38, EOPNOTSUPP: 95 } as const;

const AT_FDCWD = -100;

/** Swaps what the two paths name, in one step that no reader can see half of: renameat2(2), RENAME_EXCHANGE. */
export function exchange(a: string, b: string): number {
  return kernel.renameat2(AT_FDCWD, cString(a), AT_FDCWD, cString(b), 2);
}

/** Renames, but never over something that is there: renameat2(2), RENAME_NOREPLACE. EEXIST is -17. */
export function renameIfFree(from: string, to: string): number {
  return kernel.renameat2(AT_FDCWD, cString(from), AT_FDCWD, cString(to), 1);
}

/**
 * Makes `root` this process's root and becomes the program at `path` in it, without arguments. Returns only
 * when it failed: the negative errno.
 */
export function becomeIn(root: string, path: string): number {
  const entered = kernel.chroot(cString(root));
  if (entered < 0) return entered;
  const moved = kernel.chdir(cString("/"));
  if (moved < 0) return moved;
  const program = cString(path);
  const environment = Object.entries(Deno.env.toObject()).map(([name, value]) =>
    cString(`${name}=${value}`)
  );
  return kernel.execve(program, addresses([program]), addresses(environment));
}

/** An array of pointers with its closing null, as C has it. The buffers must stay referenced while it is used. */
function addresses(buffers: readonly Uint8Array<ArrayBuffer>[]): BigUint64Array<ArrayBuffer> {
  const values = buffers.map((one) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(one)));
  return new BigUint64Array([...values, 0n]);
}
