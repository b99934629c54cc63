/**
 * firewalld's file of direct rules, `/etc/firewalld/direct.xml`: rules in it survive a restart. firewalld
 * reads it when it starts or reloads; it is not told to.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { mergeDirect, removeDirect } from "core/firewalld/edit.ts";
import type { Ruleset } from "core/rules/model.ts";
import { removeIfThere, replaceFile, syncDirectory } from "../atomic_file.ts";
import { requireTrusted } from "../trusted_file.ts";
import type { Session } from "../transparent_proxy/session.ts";

/** Where firewalld reads direct rules from. */
export const DIRECT_XML = "/etc/firewalld/direct.xml";

interface FileState {
  /** The file itself, where the path is a link to it: what it points to is written, the link stays. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number };
}

/**
 * Merges the rules into the file, or prints what it would hold in a dry run. Whether it changed.
 *
 * @throws {KumaError} `KUMA-TP-221` malformed, `-222` unreadable, `KUMA-HOST-130` not writable, `-131` others can
 *   change it; the file is as it was then.
 */
export function storeInFirewalld(
  rulesets: readonly Ruleset[],
  { print, logger, dryRun }: Pick<Session, "print" | "logger" | "dryRun">,
  options: { readonly verbose: boolean },
  path = DIRECT_XML,
): boolean {
  const { old, text } = planStore(rulesets, options, path);
  print?.(`\n${text}\n\n`);
  if (dryRun || text === old?.text) return false;
  if (old === undefined) Deno.mkdirSync(directoryOf(path), { recursive: true, mode: 0o750 });
  replaceFile(old?.path ?? path, text, attributesOf(old));
  logger.info(`the rules are stored in ${path}; firewalld takes them at its next start or reload`);
  return true;
}

function planStore(
  rulesets: readonly Ruleset[],
  options: { readonly verbose: boolean },
  path: string,
) {
  const old = readFile(path);
  requireTrusted(old?.path ?? path);
  return { old, text: named(path, () => mergeDirect(old?.text, rulesets, options)) };
}

/** The file's text before and after {@linkcode storeInFirewalld}; throws as that does. Undefined for no file. */
export function storedText(...given: Parameters<typeof planStore>): TextChange {
  const { old, text } = planStore(...given);
  return { before: old?.text, after: text };
}

/** The file's text before and after {@linkcode removeFromFirewalld}; throws as that does. Undefined for no file. */
export function unstoredText(path = DIRECT_XML): TextChange {
  const planned = planRemoval(path);
  return { before: planned?.old.text, after: planned?.text };
}

/** A file's text before and after; undefined where there is no file. */
export interface TextChange {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * Reads the file as {@linkcode storeInFirewalld} will, before the firewall is touched.
 *
 * @throws {KumaError} `KUMA-TP-221` malformed, `-222` unreadable, `KUMA-HOST-131` others can change it.
 */
export function checkFirewalldFile(path = DIRECT_XML): void {
  const old = readFile(path);
  requireTrusted(old?.path ?? path);
  named(path, () => mergeDirect(old?.text, []));
}

/**
 * Takes our entries out again; a file of our own creation goes. Whether it changed.
 *
 * @throws {KumaError} as {@linkcode storeInFirewalld}.
 */
export function removeFromFirewalld(
  { print, logger, dryRun }: Pick<Session, "print" | "logger" | "dryRun">,
  path = DIRECT_XML,
): boolean {
  const planned = planRemoval(path);
  if (planned === undefined) return false;
  const { old, text } = planned;
  if (dryRun) {
    print?.(`\n${text ?? `${path} would be removed`}\n\n`);
    return false;
  }
  if (text === undefined) {
    removeIfThere(old.path);
    syncDirectory(directoryOf(old.path));
  } else replaceFile(old.path, text, attributesOf(old));
  logger.info(`our entries were taken out of ${path}`);
  return true;
}

/** Undefined where there is nothing to take out. */
function planRemoval(path: string): { old: FileState; text: string | undefined } | undefined {
  const old = readFile(path);
  if (old === undefined) return undefined;
  // A malformed file without a trace of us is none of our business.
  if (!old.text.includes("KUMA_MESH") && !old.text.includes("kuma/mesh")) return undefined;
  requireTrusted(old.path);
  const text = named(path, () => removeDirect(old.text));
  return text === old.text ? undefined : { old, text };
}

function attributesOf(old: FileState | undefined) {
  return old === undefined ? { mode: 0o600 } : { mode: old.mode, owner: old.owner };
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function readFile(path: string): FileState | undefined {
  try {
    const file = Deno.realPathSync(path);
    const { mode, uid, gid, isFile } = Deno.statSync(file);
    // A FIFO would be waited for without end.
    if (!isFile) throw new TypeError("it is not a regular file");
    if (Deno.permissions.querySync({ name: "write", path: file }).state !== "granted") {
      throw new TypeError(`it is a link to ${file}, where this program does not write`);
    }
    const bytes = Deno.readFileSync(file);
    // Bytes that are no UTF-8 could not be written back as they were; a byte order mark is kept.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return {
      path: file,
      text,
      mode: (mode ?? 0o600) & 0o7777,
      owner: { uid: uid ?? 0, gid: gid ?? 0 },
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new KumaError("KUMA-TP-222", `cannot read ${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/** Names the file in the scanner's words. */
function named<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof KumaError) || error.code !== "KUMA-TP-221") throw error;
    throw new KumaError(error.code, `${path}: ${error.message}`, {
      hint: "mend the file, then run the command again; it was not touched",
    });
  }
}
