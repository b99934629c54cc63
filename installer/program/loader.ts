/**
 * The dynamic loader that a program brings along, and where it looks for it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { interpreterFor, locateInterpreter, RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import type { Patch } from "./copy.ts";

/** ELF header and program headers lie in the first bytes of a file. */
const HEAD = 4096;

/** The interpreter that the program would need to start, if it needs one that we bring. */
export function bundledInterpreter(program: string): string | undefined {
  return bundledLoader(program)?.path;
}

function bundledLoader(program: string): { path: string; offset: number } | undefined {
  using file = Deno.openSync(program, { read: true });
  try {
    const { offset, size } = locateInterpreter(readAt(file, 0, HEAD));
    // The path itself may lie anywhere: whoever patched the program has put it at its end.
    const path = new TextDecoder().decode(readAt(file, offset, size)).replace(/\0.*$/s, "");
    return path.includes(`/${RUNTIME_FOLDER}/`) ? { path, offset } : undefined;
  } catch (error) {
    // No ELF program, or a static one: it needs none.
    if (error instanceof KumaError) return undefined;
    throw error;
  }
}

/**
 * What to change in the program so that it finds its loader in the runtime folder of `hostDir`; undefined
 * for a program that was not built to bring one.
 *
 * @throws {KumaError} `KUMA-HOST-021` when `hostDir` is too long
 */
export function interpreterPatch(source: string, hostDir: string): Patch | undefined {
  const loader = bundledLoader(source);
  if (loader === undefined) return undefined;
  const bytes = new TextEncoder().encode(interpreterFor(loader.path, hostDir));
  return { offset: loader.offset, bytes };
}

function readAt(file: Deno.FsFile, offset: number, size: number): Uint8Array {
  file.seekSync(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const read = file.readSync(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
