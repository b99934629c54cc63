import { errorText, KumaError } from "core/errors.ts";
import { replaceFile } from "../atomic_file.ts";
import type { TextChange } from "../firewalld/direct_file.ts";
import { readTrustedText } from "../trusted_file.ts";
import type { Session } from "./session.ts";

/** Where releases that edited resolv.conf (before 1.8) put the original. */
const BACKUP_SUFFIX = ".kuma-backup";

/**
 * Gives back the resolv.conf that an old release put aside, and prints it; the backup stays. Whether there
 * was one that differs. In a dry run the text is printed only.
 *
 * @throws {KumaError} `KUMA-HOST-130` it cannot be written; `KUMA-HOST-131` others can change the backup.
 */
export function restoreResolvConf(session: Session, path = "/etc/resolv.conf"): boolean {
  let backup: string | undefined, info: Deno.FileInfo;
  try {
    backup = readTrustedText(path + BACKUP_SUFFIX);
    if (backup === undefined) return false;
    info = Deno.statSync(path + BACKUP_SUFFIX);
  } catch (error) {
    if (error instanceof KumaError) throw error;
    throw new KumaError(
      "KUMA-HOST-130",
      `cannot read ${path}${BACKUP_SUFFIX}: ${errorText(error)}`,
    );
  }
  if (holdsNothing(backup)) {
    session.logger.warn(`${path}${BACKUP_SUFFIX} is empty: ${path} stays as it is`);
    return false;
  }
  session.print?.(backup.endsWith("\n") ? backup : `${backup}\n`);
  if (backup === current(path)) return false;
  // systemd-resolved and others make resolv.conf a link: what it points to is written, the link stays.
  const target = current(path) === undefined ? path : Deno.realPathSync(path);
  if (!session.dryRun) replaceFile(target, backup, { mode: (info.mode ?? 0o644) & 0o777 });
  return true;
}

/** What {@linkcode restoreResolvConf} would do to the file; undefined where there is no backup. Throws as that does. */
export function resolvConfText(path = "/etc/resolv.conf"): TextChange | undefined {
  const backup = readTrustedText(path + BACKUP_SUFFIX);
  return backup === undefined || holdsNothing(backup)
    ? undefined
    : { before: current(path), after: backup };
}

/** A host whose resolv.conf names nobody resolves nothing; nobody had that before. */
function holdsNothing(backup: string): boolean {
  return backup.trim() === "";
}

function current(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new KumaError("KUMA-HOST-130", `cannot read ${path}: ${errorText(cause)}`, { cause });
  }
}
