/**
 * What was changed in the net dir, written before it is changed: leaving is walking it back, also after a
 * SIGKILL, a reboot or by another version of this program.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createExclusive, replaceFile } from "core/host/atomic_file.ts";
import { readTrustedText, requireTrusted } from "core/host/trusted_file.ts";
import type { Places } from "../program/places.ts";
import type { FileSnapshot } from "./snapshot.ts";

/** A file as it was before we came. */
export interface Original {
  readonly base64: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Where it led, if it was a symbolic link. */
  readonly link?: string;
}

/** One config file that we changed or made. */
export interface ChangedFile {
  /** sha256 of what we wrote. */
  readonly written: string;
  /** What it was, without any entry of ours; absent where we made the file. */
  readonly original?: Original;
  /** The single-plugin file that this list took the place of. */
  readonly replaced?: { readonly name: string; readonly original: Original };
}

/** A swap that may be under way: what lies under `temporary` is to be looked at after a crash. */
export interface PendingSwap {
  readonly temporary: string;
  readonly file: string;
  /** sha256 of what the file was taken to be. */
  readonly expected: string;
  /** sha256 of what was to take its place; empty where the file was to go. */
  readonly put: string;
}

/** All notes. */
export interface ChainJournal {
  readonly version: 1;
  readonly files: Readonly<Record<string, ChangedFile>>;
  readonly pending?: PendingSwap;
}

/** A journal of nothing. */
export const EMPTY_JOURNAL: ChainJournal = { version: 1, files: {} };

/**
 * Reads the notes; those that are missing or damaged are as good as none (the entry's text tells enough).
 *
 * @throws {KumaError} `KUMA-HOST-131` somebody else can have written them: what they call the original would be put
 *   back by root.
 */
export function readJournal(places: Places): ChainJournal {
  const text = readTrustedText(places.journal);
  if (text === undefined) return EMPTY_JOURNAL;
  try {
    const value = JSON.parse(text) as Partial<ChainJournal> | null;
    return isJournal(value) ? value : EMPTY_JOURNAL;
  } catch (error) {
    if (error instanceof SyntaxError) return EMPTY_JOURNAL;
    throw error;
  }
}

/**
 * Writes the notes, to the disk before it returns.
 *
 * @throws {KumaError} `KUMA-HOST-130`; `KUMA-HOST-131` as reading them does.
 */
export function writeJournal(places: Places, journal: ChainJournal): void {
  requireTrusted(places.journal);
  replaceFile(places.journal, JSON.stringify(journal), { mode: 0o600 });
}

/** The note of a snapshot, with `bytes` in the place of its own. */
export function originalOf(snapshot: FileSnapshot, bytes: Uint8Array = snapshot.bytes): Original {
  return {
    base64: Buffer.from(bytes).toString("base64"),
    mode: snapshot.mode,
    ...snapshot.owner,
    ...(snapshot.link !== undefined && { link: snapshot.link }),
  };
}

/** The bytes of a note. */
export function bytesOfOriginal(original: Original): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(original.base64, "base64"));
}

/**
 * Creates a file as the note says, at a path that must be free.
 *
 * @throws {KumaError} `KUMA-HOST-130`
 */
export function createAs(path: string, original: Original): void {
  if (original.link !== undefined) {
    Deno.symlinkSync(original.link, path);
    return;
  }
  const { mode, uid, gid } = original;
  createExclusive(path, bytesOfOriginal(original), { mode, owner: { uid, gid } });
}

/** Forgets one file. */
export function withoutFile(journal: ChainJournal, name: string): ChainJournal {
  const { [name]: _gone, ...files } = journal.files;
  return { ...journal, files };
}

/** A fresh path in the state folder for a temporary file. */
export function temporaryIn(places: Places, purpose: string): string {
  return `${places.state}/${purpose}.${crypto.randomUUID()}.tmp`;
}

/** Name of a temporary file of ours outside of the state folder: no runtime takes it for a config. */
export const TEMPORARY_BESIDE = /^\.kuma-cni\.[0-9a-f-]{36}\.tmp$/;

/** A fresh path for what is to take the place of a file: in the state folder, or beside it on another file system. */
export function temporaryFor(places: Places, file: string): string {
  const folder = folderOf(file);
  if (Deno.statSync(folder).dev === Deno.statSync(places.state).dev) {
    return temporaryIn(places, "swap");
  }
  return `${folder}/.kuma-cni.${crypto.randomUUID()}.tmp`;
}

/** The folder that a path is in. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function isJournal(value: Partial<ChainJournal> | null): value is ChainJournal {
  return value !== null && typeof value === "object" && value.version === 1 &&
    typeof value.files === "object" && value.files !== null;
}
