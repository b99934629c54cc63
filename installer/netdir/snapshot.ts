/**
 * A file as it was at one moment: enough to tell whether it still is, and to put it back.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { LARGEST_CONFIG } from "core/conflist/document.ts";

/** Contents and identity of a file. */
export interface FileSnapshot {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** sha256 of the bytes in hex. */
  readonly hash: string;
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Inode and modification time of what the path itself names (of the link, for a link). */
  readonly identity: string;
  /** When the bytes were last written, milliseconds since the epoch. */
  readonly modified: number;
  /** Where the path leads, if it is a symbolic link: its own text, and the file at the end of it. */
  readonly link?: string;
  readonly target?: string;
}

/** Path of the file itself: the link's end, for a link. What is written is written there. */
export function placeOf(
  { path, target }: Pick<FileSnapshot, "path"> & { readonly target?: string },
): string {
  return target ?? path;
}

/**
 * Takes a snapshot; undefined where nothing is, where a link leads nowhere, and for what is no plain file.
 * A file that is being replaced meanwhile is read again, so that bytes and identity fit.
 *
 * @throws {RangeError} when the file has more than 1 MiB: no config file has, and its bytes are kept.
 */
export function takeSnapshot(path: string): FileSnapshot | undefined {
  for (;;) {
    const before = statOf(path);
    if (before === undefined) return undefined;
    const bytes = readBytes(path, before.target.size);
    if (bytes === undefined) continue;
    if (statOf(path)?.identity !== before.identity) continue;
    const { mode, uid, gid } = before.target;
    return {
      path,
      bytes,
      hash: hashOf(bytes),
      mode: (mode ?? 0o600) & 0o7777,
      owner: { uid: uid ?? 0, gid: gid ?? 0 },
      identity: before.identity,
      modified: before.target.mtime?.getTime() ?? 0,
      ...(before.link !== undefined && { link: before.link, target: before.end }),
    };
  }
}

/** Whether the path still names what the snapshot shows, as far as inode and time tell. */
export function isUntouched(snapshot: FileSnapshot): boolean {
  return statOf(snapshot.path)?.identity === snapshot.identity;
}

/** What a path's inode, size and times are, in one text; undefined where nothing is. */
export function fingerprint(path: string): string | undefined {
  return statOf(path)?.identity;
}

/** sha256 in hex. */
export function hashOf(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function statOf(path: string) {
  try {
    const own = Deno.lstatSync(path);
    const target = own.isSymlink ? Deno.statSync(path) : own;
    if (!target.isFile) return undefined;
    const identity = [own, target].map((info) =>
      [info.dev, info.ino, info.size, info.mtime?.getTime(), info.ctime?.getTime(), info.mode]
        .join()
    ).join(" ");
    const leads = own.isSymlink
      ? { link: Deno.readLinkSync(path), end: Deno.realPathSync(path) }
      : { link: undefined, end: path };
    return { identity, target, ...leads };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function readBytes(path: string, size: number): Uint8Array<ArrayBuffer> | undefined {
  if (size > LARGEST_CONFIG) throw new RangeError(`"${path}" has ${size} bytes`);
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop;
}
