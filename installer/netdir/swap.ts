/**
 * Compare-and-swap for files that others write as well. Whoever writes between our look and our write must
 * not lose that write, and every reader must find one whole version.
 *
 * The new version is exchanged with the file in one system call; what comes out of the place is compared
 * with what we took the file to be. If it is something else, another writer was faster and it goes back.
 *
 * @module
 */
import { createExclusive, removeIfThere, syncDirectory } from "core/host/atomic_file.ts";
import { KumaError } from "core/errors.ts";
import type { ChainJournal } from "./journal.ts";
import { folderOf, temporaryFor } from "./journal.ts";
import { ERRNO, exchange } from "../program/native.ts";
import type { Places } from "../program/places.ts";
import { type FileSnapshot, hashOf, isUntouched, placeOf, takeSnapshot } from "./snapshot.ts";

/** Called with the temporary path before the swap; writes the journal. */
export type Intent = (pending: NonNullable<ChainJournal["pending"]>) => void;

/**
 * Replaces the file of the snapshot by `bytes`, with the snapshot's mode and owner. A link stays, and what it leads
 * to is replaced.
 *
 * @returns true when done; false when the file is no longer what the snapshot shows. It then is what
 * another writer made it.
 * @throws {KumaError} `KUMA-HOST-130` (no space, read-only) or `KUMA-INS-032`; the file is untouched
 */
export function swapFile(
  places: Places,
  expected: FileSnapshot,
  bytes: Uint8Array<ArrayBuffer>,
  intent: Intent,
): boolean {
  const place = placeOf(expected);
  const temporary = temporaryFor(places, place);
  createExclusive(temporary, bytes, { mode: expected.mode, owner: expected.owner });
  try {
    const name = expected.path.slice(expected.path.lastIndexOf("/") + 1);
    intent({ temporary, file: name, expected: expected.hash, put: hashOf(bytes) });
    if (!isUntouched(expected)) return false;
    return exchangeExpected(temporary, expected, hashOf(bytes));
  } finally {
    removeIfThere(temporary);
    syncDirectory(folderOf(place));
  }
}

function exchangeExpected(temporary: string, expected: FileSnapshot, ours: string): boolean {
  const place = placeOf(expected);
  if (!exchangeOrRename(temporary, expected)) return false;
  let found = takeSnapshot(temporary)?.hash;
  // Nothing came out: the file system cannot exchange, and the rename has replaced the file.
  if (found === undefined || found === expected.hash) return true;
  // What lies in the temporary file is another writer's and goes back; each time that this displaces
  // something which we did not put there, that is newer still, and goes back in turn.
  let put = ours;
  for (;;) {
    const result = exchange(temporary, place);
    if (result === -ERRNO.ENOENT) return false;
    if (result < 0) throw failed(place, result);
    const displaced = takeSnapshot(temporary)?.hash;
    if (displaced === put || displaced === undefined) return false;
    [put, found] = [found ?? "", displaced];
  }
}

/** False when the file is gone. */
function exchangeOrRename(temporary: string, expected: FileSnapshot): boolean {
  const place = placeOf(expected);
  const result = exchange(temporary, place);
  if (result >= 0) return true;
  if (result === -ERRNO.ENOENT) return false;
  // Some file systems (older overlays, FUSE) know no exchange: look again, then rename.
  const unknown: number[] = [ERRNO.EINVAL, ERRNO.ENOSYS, ERRNO.EOPNOTSUPP];
  if (!unknown.includes(-result)) throw failed(place, result);
  if (!isUntouched(expected)) return false;
  Deno.renameSync(temporary, place);
  return true;
}

function failed(path: string, result: number): KumaError {
  return new KumaError(
    "KUMA-INS-032",
    `Cannot swap "${path}" with its new version: errno ${-result}`,
  );
}
