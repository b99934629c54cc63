import { versionText } from "core/program/version.ts";
import type { ParsedCommand } from "./commands.ts";
import type { Io } from "./io.ts";

/** `kumactl version`: the version alone on one line; `--detailed` says what it was built of, too. */
export function versionCommand({ flags }: ParsedCommand, io: Io): Promise<number> {
  const last = flags.findLast(({ flag }) => flag === "detailed");
  io.out(versionText("kumactl", last !== undefined && last.value !== "false"));
  return Promise.resolve(0);
}
