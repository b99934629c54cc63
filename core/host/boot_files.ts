/**
 * Where an installation that outlives a restart has its files; apart from what writes and reads them, since most hosts
 * have none.
 *
 * @module
 */
import { BOOT_UNIT } from "core/proxy/boot_unit_name.ts";
import { isAbsence, lookForName } from "./libc.ts";
import { statOrNothing } from "./presence.ts";

/** Folder of systemd's units. */
export const BOOT_FOLDER = "/etc/systemd/system";
/** The unit. */
export const BOOT_UNIT_FILE = `${BOOT_FOLDER}/${BOOT_UNIT}`;
/** Folder of links to what is started with the machine. */
export const BOOT_WANTS = `${BOOT_FOLDER}/multi-user.target.wants`;
/** The link to the unit. */
export const BOOT_LINK = `${BOOT_WANTS}/${BOOT_UNIT}`;

/** Whether there is a unit, or a link to one. */
export function hasBootFiles(): boolean {
  return nameAt(BOOT_UNIT_FILE) !== undefined || nameAt(BOOT_LINK) !== undefined;
}

/** What is at a path, of the name itself: also where it is a link that leads nowhere. */
export function nameAt(path: string): Deno.FileInfo | undefined {
  return isAbsence(lookForName(path)) ? undefined : statOrNothing(path);
}
