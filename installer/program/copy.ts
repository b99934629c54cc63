/**
 * Copies files to the host in pieces, so that 100 MB need 1 MiB of memory, and so that nobody ever sees half a
 * program: temporary file, mode, fsync, rename, fsync of the directory. A running program keeps its old
 * file; writing into it in place would be refused by the kernel (ETXTBSY) or kill it.
 *
 * @module
 */
import { statOrNothing } from "core/host/presence.ts";
import { Buffer } from "node:buffer";
import { removeIfThere, syncDirectory } from "core/host/atomic_file.ts";
import { writeAll } from "core/program/write_all.ts";

const PIECE = 1024 * 1024;

/** Bytes that stand in the copy in the place of the source's. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Whether `target` is a plain file with exactly the source's (patched) bytes and this mode. */
export function isCopy(source: string, target: string, mode: number, patch?: Patch): boolean {
  const info = statOrNothing(target);
  if (info === undefined || !info.isFile || info.size !== Deno.statSync(source).size) return false;
  if (((info.mode ?? 0) & 0o7777) !== mode) return false;
  using from = Deno.openSync(source, { read: true });
  using to = Deno.openSync(target, { read: true });
  const a = new Uint8Array(PIECE), b = new Uint8Array(PIECE);
  for (let offset = 0;;) {
    const piece = readPatched(from, a, offset, patch);
    const other = b.subarray(0, fill(to, b, piece.length));
    if (Buffer.compare(piece, other) !== 0) return false;
    if (piece.length === 0) return true;
    offset += piece.length;
  }
}

/**
 * Makes `target` such a copy, unless it is one already.
 *
 * @returns whether it was written
 * @throws the runtime's file errors; the old file is untouched then
 */
export function copyFile(source: string, target: string, mode: number, patch?: Patch): boolean {
  if (isCopy(source, target, mode, patch)) return false;
  const { dir, name } = splitPath(target);
  const temporary = `${dir}/.${name}.${randomHex()}.tmp`;
  try {
    writeCopy(source, temporary, mode, patch);
    Deno.renameSync(temporary, target);
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
  syncDirectory(dir);
  return true;
}

function writeCopy(source: string, target: string, mode: number, patch?: Patch): void {
  using from = Deno.openSync(source, { read: true });
  using to = Deno.openSync(target, { write: true, createNew: true, mode: 0o600 });
  const buffer = new Uint8Array(PIECE);
  for (let offset = 0;;) {
    const piece = readPatched(from, buffer, offset, patch);
    if (piece.length === 0) break;
    writeAll(to, piece);
    offset += piece.length;
  }
  Deno.chmodSync(target, mode);
  to.syncSync();
}

function readPatched(
  file: Deno.FsFile,
  buffer: Uint8Array,
  offset: number,
  patch: Patch | undefined,
): Uint8Array {
  const piece = buffer.subarray(0, fill(file, buffer, buffer.length));
  if (patch !== undefined) {
    const start = Math.max(0, patch.offset - offset);
    const skip = Math.max(0, offset - patch.offset);
    const part = patch.bytes.subarray(skip, skip + Math.max(0, piece.length - start));
    if (start < piece.length) piece.set(part, start);
  }
  return piece;
}

function fill(file: Deno.FsFile, buffer: Uint8Array, size: number): number {
  let filled = 0;
  while (filled < size) {
    const read = file.readSync(buffer.subarray(filled, size));
    if (read === null) break;
    filled += read;
  }
  return filled;
}

function splitPath(path: string): { dir: string; name: string } {
  const slash = path.lastIndexOf("/");
  return { dir: path.slice(0, slash), name: path.slice(slash + 1) };
}

function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
