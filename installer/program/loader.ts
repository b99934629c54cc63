/**
 * The dynamic loader that a program brings along, and where it looks for it; and the program in front, which needs
 * none and starts another one.
 *
 * @module
 */
import { dirname } from "node:path";
import { Buffer } from "node:buffer";
import { KumaError } from "core/errors.ts";
import { interpreterFor, locateInterpreter, RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import type { Patch } from "./copy.ts";
import { PROGRAM } from "./places.ts";

/** ELF header and program headers lie in the first bytes of a file. */
const HEAD = 4096;

/** The program in front is some kilobytes long; whatever is longer is none. */
const LONGEST_FRONT = 65_536;

/** What the program in front starts, from the folder that it lies in. */
const BEHIND = `${RUNTIME_FOLDER}/${PROGRAM}`;

/**
 * The program that a start of `path` ends in: the one behind it, where it is a program in front, and else itself.
 *
 * @throws the runtime's file errors
 */
export function programBehind(path: string): string {
  const real = Deno.realPathSync(path);
  return isFront(real) ? `${dirname(real)}/${BEHIND}` : path;
}

function isFront(path: string): boolean {
  if (Deno.statSync(path).size > LONGEST_FRONT) return false;
  const bytes = Buffer.from(Deno.readFileSync(path));
  return bytes.indexOf("\x7fELF") === 0 && bytes.includes(BEHIND);
}

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
