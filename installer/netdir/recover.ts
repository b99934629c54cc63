/**
 * After a crash: another writer's bytes that a swap was just holding go back to their place, and our
 * temporary files go.
 *
 * @module
 */
import { removeIfThere, syncDirectory, TEMPORARY_NAME } from "core/host/atomic_file.ts";
import { requireTrusted } from "core/host/trusted_file.ts";
import { folderOf, readJournal, TEMPORARY_BESIDE, writeJournal } from "./journal.ts";
import { renameIfFree } from "../program/native.ts";
import type { Places } from "../program/places.ts";
import { placeOf, takeSnapshot } from "./snapshot.ts";

/**
 * Brings the state folder in order. To be called with the lock held: no other installer of ours is then at
 * work in it.
 *
 * @throws {KumaError} `KUMA-HOST-131` somebody else can have written what would be put back
 * @returns the name of the file whose displaced version was put back, if there was one
 */
export function recover(places: Places): string | undefined {
  const journal = readJournal(places);
  const { pending, ...rest } = journal;
  let restored: string | undefined;
  if (pending !== undefined) {
    const folder = folderOf(pending.temporary);
    // A folder that root alone writes to holds what root put there, whoever its owner was in the net dir.
    requireTrusted(`${folder}/any`);
    const beside = TEMPORARY_BESIDE.test(pending.temporary.slice(folder.length + 1));
    const held = folder === places.state || beside ? takeSnapshot(pending.temporary) : undefined;
    const named = `${places.netDir}/${pending.file}`;
    const path = placeOf(takeSnapshot(named) ?? { path: named });
    if (held !== undefined && held.hash !== pending.expected && held.hash !== pending.put) {
      if (takeSnapshot(path)?.hash === pending.put) {
        Deno.renameSync(pending.temporary, path);
        restored = pending.file;
      } else if (renameIfFree(pending.temporary, path) >= 0) {
        restored = pending.file;
      }
      syncDirectory(folderOf(path));
    }
    if (beside) removeIfThere(pending.temporary);
    writeJournal(places, rest);
  }
  removeTemporaries(places.state, (name) => name.endsWith(".tmp"));
  return restored;
}

/** Removes what killed runs left behind in a bin dir: a few of them would fill a node's disk. */
export function removeStaleCopies(binDir: string): void {
  removeTemporaries(
    binDir,
    (name) => TEMPORARY_NAME.test(name) && name.startsWith(".kuma-cni"),
  );
}

function removeTemporaries(dir: string, isOurs: (name: string) => boolean): void {
  for (const entry of [...Deno.readDirSync(dir)]) {
    if (!isOurs(entry.name)) continue;
    if (entry.isDirectory) Deno.removeSync(`${dir}/${entry.name}`, { recursive: true });
    else removeIfThere(`${dir}/${entry.name}`);
  }
}
