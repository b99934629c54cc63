/**
 * Carries a plan out in the net dir: note first, then one atomic step a file.
 *
 * @module
 */
import { bytesOf, byteText } from "core/conflist/byte_text.ts";
import { hasAnyPlugin, removePlugin } from "core/conflist/edit.ts";
import { KumaError } from "core/errors.ts";
import { createExclusive, removeIfThere, syncDirectory } from "core/host/atomic_file.ts";
import {
  type ChainJournal,
  type Original,
  originalOf,
  readJournal,
  temporaryIn,
  writeJournal,
} from "./journal.ts";
import { renameIfFree } from "../program/native.ts";
import type { NetFile } from "./net_dir.ts";
import type { Places } from "../program/places.ts";
import type { ChainingPlan } from "./plan.ts";
import { type FileSnapshot, hashOf, takeSnapshot } from "./snapshot.ts";
import { swapFile } from "./swap.ts";

/** A plan that changes something. */
export type ChainingEdit = Extract<ChainingPlan, { action: "edit" | "convert" | "own" }>;

/**
 * Does what the plan says.
 *
 * @returns false when another writer was faster: look again
 * @throws {KumaError} `KUMA-HOST-130`, `KUMA-INS-032`; every file is then whole, old or new
 */
export function carryOut(places: Places, files: readonly NetFile[], plan: ChainingEdit): boolean {
  const find = (name: string) => files.find((file) => file.name === name)?.snapshot;
  if (plan.action === "own") return writeOwn(places, plan);
  if (plan.action === "edit") {
    const snapshot = find(plan.file);
    return snapshot !== undefined && editFile(places, snapshot, plan.file, plan.bytes);
  }
  const from = find(plan.from);
  if (from === undefined) return false;
  const replaced = { name: plan.from, original: originalOf(from, withoutOurs(from)) };
  const written = hashOf(plan.bytes);
  const note = (pending?: ChainJournal["pending"]) =>
    noteFile(places, plan.file, { written, replaced }, pending);
  const target = find(plan.file);
  const placed = target === undefined
    ? placeNew(places, plan.file, plan.bytes, replaced.original, note)
    : target.hash === written || swapFile(places, target, plan.bytes, note);
  return placed && takeAway(places, from);
}

function editFile(
  places: Places,
  snapshot: FileSnapshot,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): boolean {
  const known = readJournal(places).files[name];
  // Our own last version is there: what it was before we came is already noted, in original bytes.
  const note = known?.written === snapshot.hash
    ? { ...known, written: hashOf(bytes) }
    : { written: hashOf(bytes), original: originalOf(snapshot, withoutOurs(snapshot)) };
  return swapFile(
    places,
    snapshot,
    bytes,
    (pending) => noteFile(places, name, note, pending),
  );
}

function writeOwn(places: Places, plan: Extract<ChainingPlan, { action: "own" }>): boolean {
  const slash = plan.file.indexOf("/");
  if (slash > 0) {
    Deno.mkdirSync(`${places.netDir}/${plan.file.slice(0, slash)}`, { recursive: true });
  }
  const note = (pending?: ChainJournal["pending"]) =>
    noteFile(places, plan.file, { written: hashOf(plan.bytes) }, pending);
  const present = takeSnapshot(`${places.netDir}/${plan.file}`);
  if (present !== undefined) return swapFile(places, present, plan.bytes, note);
  return placeNew(places, plan.file, plan.bytes, { mode: 0o600 }, note);
}

/** Puts a new file at a name that must be free, whole from its first moment. */
function placeNew(
  places: Places,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  like: Pick<Original, "mode"> & Partial<Pick<Original, "uid" | "gid">>,
  note: () => void,
): boolean {
  const temporary = temporaryIn(places, "new");
  const owner = like.uid === undefined ? {} : { owner: { uid: like.uid, gid: like.gid ?? 0 } };
  createExclusive(temporary, bytes, { mode: like.mode, ...owner });
  try {
    note();
    return renameIfFree(temporary, `${places.netDir}/${name}`) >= 0;
  } finally {
    removeIfThere(temporary);
    syncDirectory(places.netDir);
  }
}

/**
 * Removes the file of the snapshot, but never another version of it: it is renamed out of the way, looked
 * at, and put back if it is not the one.
 */
export function takeAway(places: Places, expected: FileSnapshot): boolean {
  const temporary = temporaryIn(places, "swap");
  const name = expected.path.slice(expected.path.lastIndexOf("/") + 1);
  const journal = readJournal(places);
  const pending = { temporary, file: name, expected: expected.hash, put: "" };
  writeJournal(places, { ...journal, pending });
  try {
    Deno.renameSync(expected.path, temporary);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
  const found = takeSnapshot(temporary);
  // A relative link cannot be followed from here; it was the snapshot's link a moment ago.
  const isExpected = found === undefined || found.hash === expected.hash;
  // Where something new stands at its old place already, that is the newest version.
  if (!isExpected && renameIfFree(temporary, expected.path) >= 0) return false;
  removeIfThere(temporary);
  syncDirectory(places.netDir);
  return isExpected;
}

/** The file's bytes without any entry of ours. */
export function withoutOurs(snapshot: FileSnapshot): Uint8Array<ArrayBuffer> {
  const text = byteText(snapshot.bytes);
  if (!text.includes(`"plugins"`)) return snapshot.bytes;
  try {
    return hasAnyPlugin(text) ? bytesOf(removePlugin(text)) : snapshot.bytes;
  } catch (error) {
    // No list: then nothing of ours can be in it.
    if (error instanceof KumaError) return snapshot.bytes;
    throw error;
  }
}

function noteFile(
  places: Places,
  name: string,
  file: ChainJournal["files"][string],
  pending: ChainJournal["pending"],
): void {
  const { files } = readJournal(places);
  writeJournal(places, {
    version: 1,
    files: { ...files, [name]: file },
    ...(pending !== undefined && { pending }),
  });
}
