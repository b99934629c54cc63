/**
 * A log file of bounded size for programs that run at the same time: appended to in one write, and
 * renamed to `NAME.1` when it is full, so that at most two files of the given size exist.
 *
 * @module
 */
import { statOrNothing } from "./presence.ts";
import { writeAll } from "core/program/write_all.ts";

/** Size at which a file is put aside, in bytes. */
const RING_SIZE = 1024 * 1024;

/**
 * Appends to the file, creating it (0600) and its directory (0700). Never throws.
 *
 * Refused is a directory that is not ours alone (a link planted there could lead anywhere), and a file
 * that is a link.
 *
 * @returns Whether the bytes were written.
 */
export function appendToRing(path: string, bytes: Uint8Array, size = RING_SIZE): boolean {
  try {
    const directory = path.slice(0, path.lastIndexOf("/")) || "/";
    if (!isOurs(directory)) return false;
    rotate(path, size);
    const file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
    try {
      writeAll(file, bytes);
    } finally {
      file.close();
    }
    return true;
  } catch {
    return false; // A full disk, a read-only file system, no permission: the caller counts it as lost.
  }
}

function isOurs(directory: string): boolean {
  let info = statOrNothing(directory);
  if (info === undefined) {
    Deno.mkdirSync(directory, { mode: 0o700 });
    info = statOrNothing(directory);
  }
  if (info === undefined || !info.isDirectory || info.mode === null) return false;
  return info.uid === Deno.uid() && (info.mode & 0o022) === 0;
}

function rotate(path: string, size: number): void {
  const info = statOrNothing(path);
  if (info === undefined) return;
  // Nobody else may write into the directory, so what is looked at here stays what it is.
  if (!info.isFile) throw new TypeError(`"${path}" is not a plain file`);
  if (info.size >= size) Deno.renameSync(path, `${path}.1`);
}
