/**
 * Folders and files of a BPF file system, by system calls: compiled programs may open nothing below /sys through the
 * runtime, and need no permission to write anywhere for this.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { cString } from "../c_library.ts";
import { systemCalls } from "../system_call.ts";
import { close, ERRNO, errnoText, fileSystemType, mount, openReadOnly } from "../libc.ts";

const calls = systemCalls({
  mkdirat: ["i32", "buffer", "u32"],
  unlinkat: ["i32", "buffer", "i32"],
  renameat2: ["i32", "buffer", "i32", "buffer", "u32"],
});
/** Paths are absolute. */
const NO_FOLDER = -100;
const AT_REMOVEDIR = 0x200;
const EISDIR = 21;

/** `f_type` of statfs(2), as in <linux/magic.h>. */
export const FILE_SYSTEMS = { bpf: 0xcafe4a11, cgroup2: 0x63677270 } as const;

/** All of ours is in this folder of a BPF file system. */
export const OUR_FOLDER = "kuma";

/**
 * Magic number of the file system at `path`; undefined where nothing is there.
 *
 * @throws {KumaError} `KUMA-BPF-020` where it cannot be looked at.
 */
export function fileSystemAt(path: string): number | undefined {
  const fd = openReadOnly(path);
  if (fd === -ERRNO.ENOENT) return undefined;
  if (fd < 0) throw failed("open", path, fd);
  try {
    const type = fileSystemType(fd);
    if (type < 0) throw failed("look at", path, type);
    return type;
  } finally {
    close(fd);
  }
}

/** Whether a BPF file system at `path` has anything of ours. Throws as {@linkcode fileSystemAt} does. */
export function holdsOurs(path: string): boolean {
  return fileSystemAt(path) === FILE_SYSTEMS.bpf &&
    fileSystemAt(`${path}/${OUR_FOLDER}`) !== undefined;
}

/** Makes a folder for root alone, below one that is there; one that is there stays as it is. */
export function makeFolder(path: string): void {
  const result = calls.mkdirat(NO_FOLDER, cString(path), 0o700);
  if (result < 0 && result !== -ERRNO.EEXIST) throw failed("make the folder", path, result);
}

/** Removes a file or an empty folder; false where nothing is there. */
export function removeEntry(path: string): boolean {
  let result = calls.unlinkat(NO_FOLDER, cString(path), 0);
  // A folder gives EISDIR on Linux, EPERM by POSIX and in some file systems.
  if (result === -EISDIR || result === -ERRNO.EPERM) {
    result = calls.unlinkat(NO_FOLDER, cString(path), AT_REMOVEDIR);
  }
  if (result === -ERRNO.ENOENT) return false;
  if (result < 0) throw failed("remove", path, result);
  return true;
}

/** Gives an entry another name, in place of what has it. */
export function renameEntry(from: string, to: string): void {
  const result = calls.renameat2(NO_FOLDER, cString(from), NO_FOLDER, cString(to), 0);
  if (result < 0) throw failed("rename", from, result);
}

/** Names in a folder; none where there is no such folder. */
export function entriesOf(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Removes a folder with all that is in it. */
export function removeTree(path: string): void {
  if (isFolder(path)) {
    for (const name of entriesOf(path)) {
      removeTree(`${path}/${name}`);
    }
  }
  removeEntry(path);
}

/**
 * Mounts a BPF file system on a folder, which is made where there is none.
 *
 * @throws {KumaError} `KUMA-BPF-020` with what the kernel says.
 */
export function mountBpffs(path: string): void {
  for (let end = path.indexOf("/", 1); end > 0; end = path.indexOf("/", end + 1)) {
    makeFolder(path.slice(0, end));
  }
  makeFolder(path);
  const result = mount("bpf", path, "bpf", 0);
  if (result < 0) throw failed("mount a BPF file system at", path, result);
}

function isFolder(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function failed(what: string, path: string, result: number): KumaError {
  return new KumaError("KUMA-BPF-020", `cannot ${what} ${path}: ${errnoText(result)}`);
}
