/**
 * `install-cni check`.
 *
 * @module
 */
import { oneLine } from "core/errors.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { EXIT } from "./install_command.ts";
import { readSettings } from "./settings/settings.ts";

/** Prints what would be done on this node; fails where that would not work. */
export async function checkCommand(_parsed: ParsedCommand, io: Io): Promise<number> {
  const settings = readSettings(io.environment);
  const [{ check }, { placesOf }] = await Promise.all([
    import("./check.ts"),
    import("./program/places.ts"),
  ]);
  const report = check(settings, placesOf(settings));
  io.out(`${report.lines.map(oneLine).join("\n")}\n`);
  return report.works ? 0 : EXIT.check;
}
