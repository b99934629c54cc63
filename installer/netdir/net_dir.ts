/**
 * The net dir as it is now.
 *
 * @module
 */
import { type ConfigFile, isConfigName } from "core/conflist/choose.ts";
import { type FileSnapshot, takeSnapshot } from "./snapshot.ts";

/** A config file and, where it could be read, its snapshot. */
export interface NetFile extends ConfigFile {
  readonly snapshot: FileSnapshot | undefined;
}

/**
 * All files at the top of the directory that a runtime looks at, and those called `extra`.
 *
 * @throws {Deno.errors.NotFound} when the directory is gone
 */
export function readNetDir(dir: string, extra = ""): NetFile[] {
  return namesIn(dir).filter((name) => isConfigName(name) || name === extra).map((name) => {
    const snapshot = snapshotOrNothing(`${dir}/${name}`);
    return { name, bytes: snapshot?.bytes, snapshot };
  });
}

/** Names of everything in the directory. */
export function namesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].filter((entry) => !entry.isDirectory).map(({ name }) => name);
}

function snapshotOrNothing(path: string): FileSnapshot | undefined {
  try {
    return takeSnapshot(path);
  } catch (error) {
    // Too large for a config, or not for us: it is then a file that we do not touch.
    if (error instanceof RangeError || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}
