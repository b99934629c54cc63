/**
 * Opening the C library, and its conventions. Opened only when a call is first made, since most runs make none.
 * Nobody goes by its `errno`: whoever must know why the kernel refused takes `system_call.ts`.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

type Calls<S extends Deno.ForeignLibraryInterface> = Deno.DynamicLibrary<S>["symbols"];

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
        library = Deno.dlopen("libc.so.6", symbols);
      } catch (cause) {
        throw new KumaError("KUMA-HOST-110", `the C library cannot be opened: ${cause}`, { cause });
      }
    }
    return library.symbols;
  };
}

const encoder = new TextEncoder();

/** Text as C has it, with its closing NUL. Throws a `TypeError` for text with a NUL inside. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError("a path with a NUL character names no file");
  return encoder.encode(`${text}\0`);
}
