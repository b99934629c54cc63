/**
 * Opening the C library, and its conventions: what `libc.ts` and a member with system calls of its own
 * share. Opened only when a call is first made, since most runs make none.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

type Calls<S extends Deno.ForeignLibraryInterface> = Deno.DynamicLibrary<S>["symbols"];

const EINVAL = 22;
const LOCATION = {
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

let errno: Calls<typeof LOCATION> | undefined;

/**
 * A function that gives the C library's calls, and opens it the first time.
 *
 * @throws {KumaError} from that function: `KUMA-HOST-110` where there is no `libc.so.6`.
 */
export function lazyCLibrary<const S extends Deno.ForeignLibraryInterface>(
  symbols: S,
): () => Calls<S> {
  let library: Deno.DynamicLibrary<S> | undefined;
  return () => {
    if (library === undefined) {
      try {
        // Beforehand: opening it after a failed call could overwrite that call's errno.
        errno ??= Deno.dlopen("libc.so.6", LOCATION).symbols;
        library = Deno.dlopen("libc.so.6", symbols);
      } catch (cause) {
        throw new KumaError("KUMA-HOST-110", `the C library cannot be opened: ${cause}`, { cause });
      }
    }
    return library.symbols;
  };
}

/** The result of a call of a {@linkcode lazyCLibrary} as the kernel gives it: ≥ 0, or the negative errno. */
export function kernelResult(result: number): number {
  if (result >= 0) return result;
  const pointer = errno?.__errno_location() ?? null;
  return pointer === null ? -EINVAL : -new Deno.UnsafePointerView(pointer).getInt32();
}

/** Text as C has it, with its closing NUL. Throws a `TypeError` for text with a NUL inside. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError("a path with a NUL character names no file");
  return new TextEncoder().encode(`${text}\0`);
}
