/**
 * The net dir as it is now.
 *
 * @module
 */
import { type ConfigFile, isConfigName } from "core/conflist/choose.ts";
import { LARGEST_CONFIG } from "core/conflist/document.ts";
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
  return namesIn(dir).filter((name) => isConfigName(name) || name === extra)
    .map((name) => netFile(dir, name));
}

/** Names of everything in the directory. */
export function namesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].filter((entry) => !entry.isDirectory).map(({ name }) => name);
}

function netFile(dir: string, name: string): NetFile {
  const path = `${dir}/${name}`;
  const none = (unreadable: string) => ({
    name,
    bytes: undefined,
    snapshot: undefined,
    unreadable,
  });
  try {
    const snapshot = takeSnapshot(path);
    if (snapshot !== undefined) return { name, bytes: snapshot.bytes, snapshot };
    const link = linkOf(path);
    return none(
      link === undefined ? "it is no file" : `it is a link to "${link}", and no file is there`,
    );
  } catch (error) {
    // Too large for a config, or not for us: it is then a file that we do not touch.
    if (error instanceof RangeError) return none(`it has more than ${LARGEST_CONFIG} bytes`);
    if (error instanceof Deno.errors.PermissionDenied) return none("it may not be read");
    throw error;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch (error) {
    // Gone by now, or no link.
    if (error instanceof Deno.errors.NotFound || error instanceof TypeError) return undefined;
    if (error instanceof Error && "code" in error && error.code === "EINVAL") return undefined;
    throw error;
  }
}
