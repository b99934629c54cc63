/**
 * Finding a network namespace again that a pod was added with.
 *
 * @module
 */
import { netnsCookieOf } from "./netns_view.ts";
import { entriesOf } from "./bpffs.ts";

/** Folders with named namespaces, and the processes' own: of this mount namespace, and of the node in a DaemonSet. */
const FOLDERS = ["/run/netns", "/var/run/netns", "/host/proc/1/root/run/netns"];
const PROCESSES = ["/host/proc", "/proc"];

/**
 * A path of the namespace with this cookie; undefined where none of those that can be reached is it.
 *
 * @param hint the path that it had
 * @param inode its inode, where that is known: others are not entered then
 */
export function findNetns(cookie: bigint, hint: string, inode?: bigint): string | undefined {
  const seen = new Set<number>();
  for (const path of candidates(hint)) {
    const found = inodeOf(path);
    if (found === undefined || seen.has(found)) continue;
    seen.add(found);
    if (inode !== undefined && BigInt(found) !== inode) continue;
    if (cookieOf(path) === cookie) return path;
  }
  return undefined;
}

function* candidates(hint: string): Generator<string> {
  yield hint;
  yield `/host/proc/1/root${hint}`;
  for (const folder of FOLDERS) yield* readable(folder).map((name) => `${folder}/${name}`);
  for (const root of PROCESSES) {
    for (const name of readable(root)) if (/^\d+$/.test(name)) yield `${root}/${name}/ns/net`;
  }
}

/** A folder that is closed to us shows nothing that we could enter. */
function readable(folder: string): string[] {
  try {
    return entriesOf(folder);
  } catch (error) {
    if (
      error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotADirectory
    ) {
      return [];
    }
    throw error;
  }
}

/** Undefined where the path is not there any more, or closed to us. */
function inodeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).ino ?? undefined;
  } catch {
    return undefined;
  }
}

/** Undefined where it cannot be entered: it is a file of another kind, or has gone meanwhile. */
function cookieOf(path: string): bigint | undefined {
  try {
    return netnsCookieOf(path);
  } catch {
    return undefined;
  }
}
