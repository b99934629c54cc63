/**
 * Writing a file so that every reader, and the disk after a power loss, sees the old content or the new
 * one and nothing between.
 *
 * All of it is synchronous: after a process entered a namespace only synchronous operations follow.
 *
 * @module
 */
import { writeAll } from "core/program/write_all.ts";
import { errorText, KumaError } from "core/errors.ts";
import { cString } from "./c_library.ts";
import { errnoText } from "./libc.ts";
import { statOrNothing } from "./presence.ts";
import { systemCalls } from "./system_call.ts";

const kernel = systemCalls({
  renameat2: ["i32", "buffer", "i32", "buffer", "u32"],
  unlinkat: ["i32", "buffer", "i32"],
  getrandom: ["buffer", "usize", "u32"],
});

/** Mode and owner of the file, in place before the name shows it. */
export interface FileAttributes {
  /** Permission bits; exact, whatever the umask is. */
  mode: number;
  owner?: { readonly uid: number; readonly gid: number };
  /**
   * Whether its content says nothing after a restart of the machine: then nobody waits for the disk, and what a power
   * loss leaves of it may be empty. Readers see the old or the new content all the same.
   */
  ofThisBoot?: boolean;
}

/** What a temporary file of ours is called before the rename: `.NAME.HEX.tmp`. */
export const TEMPORARY_NAME = /^\..+\.[0-9a-f]{16}\.tmp$/;

/**
 * Replaces (or creates) the file at `path`: temporary file with a random name in the same directory,
 * content, mode, fsync, rename, fsync of the directory (see {@linkcode FileAttributes.ofThisBoot}). A symbolic link at `path` is itself replaced.
 * The temporary name ends in `.tmp`, so that no CNI runtime takes it for a configuration.
 *
 * @throws {KumaError} `KUMA-HOST-130` with the step that failed; the old file is untouched then.
 */
export function replaceFile(
  path: string,
  content: Uint8Array | string,
  attributes: FileAttributes,
): void {
  const { directory, name } = split(path);
  const temporary = `${directory}/.${name}.${randomHex()}.tmp`;
  try {
    createExclusive(temporary, content, attributes);
    if (attributes.ofThisBoot === true) supersede(temporary, path);
    else Deno.renameSync(temporary, path);
  } catch (cause) {
    removeIfThere(temporary);
    throw failed(path, cause);
  }
  if (attributes.ofThisBoot !== true) syncDirectory(directory);
}

/**
 * Gives the file at `temporary` the name `path`. Where another one has it, the two names are exchanged in one step and the
 * old file is removed: to rename one over the other makes ext4 write the new content to the disk at once (`auto_da_alloc`
 * of ext4(5)), for which nobody waits here.
 */
function supersede(temporary: string, path: string): void {
  const AT_FDCWD = -100, RENAME_EXCHANGE = 2;
  const [from, to] = [cString(temporary), cString(path)];
  const exchange = () => kernel.renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE);
  // Nothing is there, or the file system cannot exchange names.
  if (exchange() < 0) return Deno.renameSync(temporary, path);
  const removed = kernel.unlinkat(AT_FDCWD, from, 0);
  if (removed >= 0) return;
  // A folder, which a rename would not have replaced either.
  exchange();
  throw new Error(errnoText(removed));
}

/**
 * Creates a file that must not exist yet (O_EXCL, so a link planted there is refused), with its content
 * on the disk and its mode set before this returns.
 *
 * @throws {KumaError} `KUMA-HOST-130`; with cause `Deno.errors.AlreadyExists` where the path is taken.
 */
export function createExclusive(
  path: string,
  content: Uint8Array | string,
  attributes: FileAttributes,
): void {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  } catch (cause) {
    throw failed(path, cause);
  }
  try {
    writeAll(file, content);
    if (attributes.owner !== undefined) {
      Deno.chownSync(path, attributes.owner.uid, attributes.owner.gid);
    }
    Deno.chmodSync(path, attributes.mode);
    if (attributes.ofThisBoot !== true) file.syncSync();
  } catch (cause) {
    removeIfThere(path);
    throw failed(path, cause);
  } finally {
    file.close();
  }
}

/** Makes renames and removals in the directory survive a power loss. */
export function syncDirectory(directory: string): void {
  try {
    const file = Deno.openSync(directory, { read: true });
    try {
      file.syncSync();
    } finally {
      file.close();
    }
  } catch (cause) {
    throw failed(directory, cause);
  }
}

/** Removes a file; one that is already gone is fine. Throws `KUMA-HOST-130` where it stays. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    // A file system that is read-only says so first, whether or not there is such a file.
    if (statOrNothing(path) !== undefined) throw failed(path, cause, "remove");
  }
}

/**
 * Removes temporary files for `path` that a run left which was killed. Only for whoever knows that no other run writes
 * there. Throws `KUMA-HOST-130` where one stays.
 */
export function removeTemporaries(path: string): void {
  const { directory, name } = split(path);
  if (statOrNothing(directory) === undefined) return;
  for (const entry of Deno.readDirSync(directory)) {
    const temporary = TEMPORARY_NAME.test(entry.name) &&
      entry.name.slice(0, -"0123456789abcdef.tmp".length) === `.${name}.`;
    if (temporary && entry.isFile) removeIfThere(`${directory}/${entry.name}`);
  }
}

function split(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  if (name === "" || name === "." || name === "..") {
    throw new KumaError("KUMA-HOST-130", `"${path}" does not name a file`);
  }
  return { directory: slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash), name };
}

function randomHex(): string {
  const bytes = new Uint8Array(8);
  const drawn = kernel.getrandom(bytes, BigInt(bytes.length), 0);
  if (drawn === bytes.length) return bytes.toHex();
  throw new KumaError("KUMA-HOST-130", `no random name can be made: ${errnoText(drawn)}`);
}

function failed(path: string, cause: unknown, what = "write"): KumaError {
  if (cause instanceof KumaError) return cause;
  return new KumaError("KUMA-HOST-130", `cannot ${what} "${path}": ${errorText(cause)}`, { cause });
}
