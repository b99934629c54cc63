import type { ParsedCommand } from "./commands.ts";
import type { Io } from "./io.ts";
import { VERSION } from "./version.ts";

/** `kumactl version`: the version alone on one line. */
export function versionCommand(_parsed: ParsedCommand, io: Io): Promise<number> {
  io.out(`${VERSION}\n`);
  return Promise.resolve(0);
}
