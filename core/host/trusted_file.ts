/**
 * Whether root may believe a file that it wrote earlier. In a folder that another user may write to,
 * such a file may be forged, or be a link that leads anywhere.
 *
 * Once the whole chain of folders belongs to root alone, nobody else can change what was looked at, so
 * looking first and opening then is no race.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { type FileStatus, KIND, statusOfName } from "./file_status.ts";
import { effectiveUserId, ERRNO, errnoText } from "./libc.ts";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * The text of a file that only root, or the user of this process, can have written; undefined where there
 * is none.
 *
 * @throws {KumaError} `KUMA-HOST-131` naming the file or folder that others can change, and its owner.
 */
export function readTrustedText(path: string): string | undefined {
  requireTrusted(path);
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Makes sure that only root, or the user of this process, can have put there what is at `path`: a plain
 * file, or nothing, in a folder whose parents are all theirs too. What does not exist passes.
 *
 * @throws {KumaError} `KUMA-HOST-131` naming the file or folder that others can change, and its owner.
 */
export function requireTrusted(path: string): void {
  requireTrustedDirectory(parentOf(path));
  const info = lstatOrNothing(path);
  if (info === undefined) return;
  const kind = info.mode & KIND.mask;
  if (kind !== KIND.file) {
    throw refused(path, kind === KIND.link ? "is a link" : "is no plain file", info);
  }
  requireOwner(path, info);
  if ((info.mode & WRITABLE_BY_OTHERS) !== 0) throw refused(path, mayWrite(info), info);
}

/**
 * Makes sure that only root, or the user of this process, can have put there what is in the folder at `path`: the folder
 * and all above it are theirs, and others cannot write to it. What does not exist passes.
 *
 * @throws {KumaError} `KUMA-HOST-131` naming the folder that others can change, and its owner.
 */
export function requireTrustedFolder(path: string): void {
  requireTrustedDirectory(path);
}

function requireTrustedDirectory(path: string, above = false): void {
  if (path !== "/") requireTrustedDirectory(parentOf(path), true);
  const info = lstatOrNothing(path);
  if (info === undefined) return;
  requireOwner(path, info);
  // A link of root's own, such as /var/run, leads to a folder that has to pass as well.
  const kind = info.mode & KIND.mask;
  if (kind === KIND.link) return requireTrustedDirectory(Deno.realPathSync(path), above);
  if (kind !== KIND.folder) throw refused(path, "is no folder", info);
  const { mode } = info;
  // With the sticky bit (/tmp) others can add names, but not replace a folder of root's.
  if ((mode & WRITABLE_BY_OTHERS) !== 0 && !(above && (mode & STICKY) !== 0)) {
    throw refused(path, mayWrite(info), info);
  }
}

function requireOwner(path: string, info: FileStatus): void {
  if (info.uid === 0 || info.uid === effectiveUserId()) return;
  throw refused(path, "belongs to another user", info);
}

function mayWrite({ mode }: FileStatus): string {
  return `may be written by others (mode ${(mode & 0o7777).toString(8)})`;
}

function refused(path: string, why: string, { uid, gid }: FileStatus): KumaError {
  return new KumaError(
    "KUMA-HOST-131",
    `${path} is not trusted: it ${why}; its owner is UID ${uid}, GID ${gid}`,
    {
      hint:
        "nothing was read from it; look at what is there, then remove it, or give it to root alone " +
        "(chown root:root, chmod go-w)",
    },
  );
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? Deno.cwd() : path.slice(0, slash) || "/";
}

function lstatOrNothing(path: string): FileStatus | undefined {
  const found = statusOfName(path);
  if (typeof found !== "number") return found;
  if (found === -ERRNO.ENOENT) return undefined;
  // Fails in the same way, and says so in the runtime's words.
  Deno.lstatSync(path);
  throw new Error(`cannot look at ${path}: ${errnoText(found)}`);
}
