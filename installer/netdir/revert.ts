/**
 * Takes our entry out of a config file again: back to the original bytes where the file is still what we
 * wrote, by cutting the entry out where others have changed it since.
 *
 * @module
 */
import { byteText } from "core/conflist/byte_text.ts";
import { hasKey, PLUGIN_TYPE, readObject } from "core/conflist/document.ts";
import { convertToList } from "core/conflist/convert.ts";
import { hasAnyPlugin, removePlugin } from "core/conflist/edit.ts";
import { isSame } from "core/conflist/same.ts";
import { removeIfThere, syncDirectory } from "core/host/atomic_file.ts";
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { takeAway, withoutOurs } from "./chain.ts";
import {
  bytesOfOriginal,
  type ChangedFile,
  createAs,
  type Original,
  readJournal,
  temporaryIn,
  withoutFile,
  writeJournal,
} from "./journal.ts";
import { renameIfFree } from "../program/native.ts";
import { namesIn } from "./net_dir.ts";
import type { Places } from "../program/places.ts";
import { hasOurs, isOwnSingle } from "./plan.ts";
import { type FileSnapshot, isUntouched, takeSnapshot } from "./snapshot.ts";
import { swapFile } from "./swap.ts";

const ATTEMPTS = 20;

/**
 * Names of all files in the net dir that may hold an entry of ours. Cilium sets other plugins' files aside
 * as `.cilium_bak` and brings them back when it goes: by then our program is gone.
 */
function candidates(places: Places): string[] {
  const names = namesIn(places.netDir).filter((name) =>
    /\.(conf|conflist|json)(\.cilium_bak)?$/.test(name)
  );
  return [...new Set([...names, ...Object.keys(readJournal(places).files)])];
}

/**
 * Takes our entry out of every file but `keep`. Without `keep` also what we made goes.
 *
 * @returns true when no file has an entry of ours any more; what could not be done is logged
 */
export function revertAll(places: Places, log: Logger, keep?: string): boolean {
  let clean = true;
  for (const name of candidates(places)) {
    if (name === keep) continue;
    try {
      if (revertFile(places, name)) log.info("took the entry out again", { file: name });
    } catch (error) {
      clean = false;
      log.error("could not take the entry out", { file: name, error: errorText(error) });
    }
  }
  return clean;
}

/**
 * Takes our entry out of one file.
 *
 * @returns whether anything was changed
 * @throws {KumaError} `KUMA-HOST-130`, `KUMA-INS-032`; the file is then as it was
 */
export function revertFile(places: Places, name: string): boolean {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const snapshot = takeSnapshot(`${places.netDir}/${name}`);
    const note = readJournal(places).files[name];
    const outcome = snapshot === undefined ? "nothing" : revertOnce(places, name, snapshot, note);
    if (outcome === "raced") continue;
    if (note !== undefined) writeJournal(places, withoutFile(readJournal(places), name));
    return outcome === "done";
  }
  throw new KumaError("KUMA-INS-032", `"${name}" is rewritten again and again by another program`);
}

type Outcome = "done" | "nothing" | "raced";

function revertOnce(
  places: Places,
  name: string,
  snapshot: FileSnapshot,
  note: ChangedFile | undefined,
): Outcome {
  const { replaced } = note ?? {};
  // A list in a file of another name was of no use to any runtime: it keeps the name that it has now.
  if (
    replaced !== undefined && isSingle(replaced.original) && isAsMade(snapshot, replaced.original)
  ) {
    if (!bringBack(places, replaced)) return "raced";
    return takeAway(places, snapshot) ? "done" : "raced";
  }
  if (note !== undefined && note.original === undefined && note.replaced === undefined) {
    // What somebody else has written over it is not ours to remove.
    const stillOurs = snapshot.hash === note.written || hasOurEntry(snapshot);
    return stillOurs ? removeOwn(places, name, snapshot) : "nothing";
  }
  if (note?.original !== undefined && snapshot.hash === note.written) {
    return restore(places, snapshot, note.original);
  }
  const bytes = withoutOurs(snapshot);
  if (bytes === snapshot.bytes) return "nothing";
  return swapped(places, snapshot, bytes);
}

function hasOurEntry({ path, bytes }: FileSnapshot): boolean {
  const file = { name: path.slice(path.lastIndexOf("/") + 1), bytes, snapshot: undefined };
  return isOwnSingle(file) || hasOurs(file);
}

function restore(places: Places, snapshot: FileSnapshot, original: Original): Outcome {
  // Releases before this one put a plain file in a link's place.
  if (original.link === undefined || snapshot.link !== undefined) {
    return swapped(places, { ...snapshot, mode: original.mode }, bytesOfOriginal(original));
  }
  const temporary = temporaryIn(places, "new");
  try {
    createAs(temporary, original);
    if (!isUntouched(snapshot)) return "raced";
    Deno.renameSync(temporary, snapshot.path);
    return "done";
  } finally {
    removeIfThere(temporary);
    syncDirectory(places.netDir);
  }
}

function swapped(places: Places, snapshot: FileSnapshot, bytes: Uint8Array<ArrayBuffer>): Outcome {
  const done = swapFile(
    places,
    snapshot,
    bytes,
    (pending) => writeJournal(places, { ...readJournal(places), pending }),
  );
  return done ? "done" : "raced";
}

/** A file that is all ours: standalone, or a drop-in with its directory. */
function removeOwn(places: Places, name: string, snapshot: FileSnapshot): Outcome {
  if (!takeAway(places, snapshot)) return "raced";
  const slash = name.indexOf("/");
  if (slash < 0) return "done";
  const dir = `${places.netDir}/${name.slice(0, slash)}`;
  if ([...Deno.readDirSync(dir)].length === 0) Deno.removeSync(dir);
  return "done";
}

function isSingle(original: Original): boolean {
  return hasKey(readObject(byteText(bytesOfOriginal(original))).node, "type");
}

/** True when, but for our entry, the list says what the conversion made of the original. */
function isAsMade(snapshot: FileSnapshot, original: Original): boolean {
  const made = byteText(bytesOfOriginal(original));
  const list = removePlugin(convertToList(made, { type: PLUGIN_TYPE }));
  const now = byteText(snapshot.bytes);
  try {
    return hasAnyPlugin(now) && isSame(JSON.parse(removePlugin(now)), JSON.parse(list));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof KumaError) return false;
    throw error;
  }
}

/** Puts the single-plugin file back to its name; what stands there by now is newer and stays. */
function bringBack(
  places: Places,
  replaced: NonNullable<ChangedFile["replaced"]>,
): boolean {
  const temporary = temporaryIn(places, "new");
  createAs(temporary, replaced.original);
  try {
    const EEXIST = -17;
    const result = renameIfFree(temporary, `${places.netDir}/${replaced.name}`);
    return result >= 0 || result === EEXIST;
  } finally {
    removeIfThere(temporary);
    syncDirectory(places.netDir);
  }
}
