/**
 * The interpreter path (`PT_INTERP`) of an ELF64 little-endian program: found, read, and rewritten in
 * place for another directory.
 *
 * kuma-cni runs on nodes whose C library we do not know, so it brings its own: a folder beside the
 * binary holds the dynamic loader and the libraries. The kernel takes the loader's path from the
 * program itself, absolute and fixed at build time. The build leaves room in it by repeating slashes,
 * which the kernel reads as one; the installer, which alone knows the node's bin dir, rewrites the path
 * within that room and no other byte of the file moves. See elf(5): `Elf64_Ehdr`, `Elf64_Phdr`, PT_INTERP.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** Name of the folder beside the binary that holds the loader and the libraries. */
export const RUNTIME_FOLDER = ".kuma-cni-runtime";

/** Longest bin dir, in bytes, that a freshly built program has room for. */
export const LONGEST_BIN_DIR = 200;

/** Where the interpreter path lies in the file: its offset and its size with the closing NUL, in bytes. */
export interface InterpreterPlace {
  offset: number;
  size: number;
}

const PT_INTERP = 3;
const PROGRAM_HEADER_SIZE = 56;
const PATTERN = /^(?:\/[^\0]*?)?\/\.kuma-cni-runtime\/+([^/\0]+)$/;

/**
 * The padded path to build a program with: the loader called `loader` in the runtime folder of `binDir`,
 * with room for any bin dir of up to {@linkcode LONGEST_BIN_DIR} bytes.
 */
export function paddedInterpreter(binDir: string, loader: string): string {
  const length = LONGEST_BIN_DIR + `/${RUNTIME_FOLDER}/${loader}`.length;
  return fit(normalBinDir(binDir), loader, length);
}

/**
 * Finds the interpreter path. `head` is the file or at least its start up to the end of the program
 * headers (the first 4 KiB hold them in every program that the build makes).
 *
 * @throws {KumaError} `KUMA-HOST-020` when it is not ELF64 little-endian, is cut short, or has no PT_INTERP
 */
export function locateInterpreter(head: Uint8Array): InterpreterPlace {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 64 || view.getUint32(0) !== 0x7f454c46) throw bad("it is not an ELF program");
  if (head[4] !== 2 || head[5] !== 1) throw bad("only 64-bit little-endian programs are known");
  const table = Number(view.getBigUint64(32, true));
  const entrySize = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  if (entrySize !== PROGRAM_HEADER_SIZE) throw bad(`program headers of ${entrySize} bytes`);
  if (table + count * entrySize > head.length) throw bad("its program headers are cut short");
  for (let index = 0; index < count; index++) {
    const at = table + index * entrySize;
    if (view.getUint32(at, true) !== PT_INTERP) continue;
    return {
      offset: Number(view.getBigUint64(at + 8, true)),
      size: Number(view.getBigUint64(at + 32, true)),
    };
  }
  throw bad("it has no interpreter (PT_INTERP): it is linked statically");
}

/**
 * The interpreter path as it stands in the program, padding included.
 *
 * @throws {KumaError} `KUMA-HOST-020` as {@linkcode locateInterpreter}, or when the path lies outside the bytes
 */
export function readInterpreter(program: Uint8Array): string {
  return textAt(program, locateInterpreter(program));
}

/**
 * The path that replaces `current` for another bin dir: exactly as long, so that it can be written over
 * it in place. The same bin dir gives the same text back.
 *
 * @throws {KumaError} `KUMA-HOST-021` when `current` is not one that the build padded, or `binDir` is not
 * absolute or too long for the room there is
 */
export function interpreterFor(current: string, binDir: string): string {
  const match = PATTERN.exec(current);
  if (match === null || match[1] === undefined) {
    throw new KumaError(
      "KUMA-HOST-021",
      `Cannot move the interpreter path "${current}": it was not built with room to move`,
      { hint: `build the program with "hostRuntime": true` },
    );
  }
  return fit(normalBinDir(binDir), match[1], new TextEncoder().encode(current).length);
}

function textAt(program: Uint8Array, place: InterpreterPlace): string {
  const end = place.offset + place.size;
  if (place.size < 2 || end > program.length || program[end - 1] !== 0) {
    throw bad("its interpreter path is damaged or cut short");
  }
  return new TextDecoder().decode(program.subarray(place.offset, end - 1));
}

function normalBinDir(binDir: string): string {
  if (!binDir.startsWith("/") || binDir.includes("\0")) {
    throw new KumaError("KUMA-HOST-021", `Cannot use bin dir "${binDir}": it must be absolute`);
  }
  return binDir.replace(/\/+$/, "");
}

function fit(binDir: string, loader: string, length: number): string {
  const folder = `${binDir}/${RUNTIME_FOLDER}/`;
  const encoder = new TextEncoder();
  const slashes = length - encoder.encode(folder + loader).length;
  if (slashes < 0) {
    throw new KumaError(
      "KUMA-HOST-021",
      `Cannot use bin dir "${binDir}": it is ${-slashes} bytes too long for the program's interpreter path`,
      { hint: "choose a shorter bin dir" },
    );
  }
  return folder + "/".repeat(slashes) + loader;
}

function bad(why: string): KumaError {
  return new KumaError("KUMA-HOST-020", `Cannot read the program's interpreter: ${why}`);
}
