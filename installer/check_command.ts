/**
 * `install-cni check`.
 *
 * @module
 */
import { oneLine } from "core/errors.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import type { FoundConfig, PlannedChange, Report } from "./check.ts";
import { EXIT } from "./install_command.ts";
import { readSettings } from "./settings/settings.ts";

/** What `check -o json` prints. */
export interface CheckDocument extends Document, Report {
  readonly schema: "kuma.io/install-cni-check/v1";
}

/** Prints what would be done on this node; fails where that would not work. */
export async function checkCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const settings = readSettings(io.environment);
  const [{ check }, { placesOf }] = await Promise.all([
    import("./check.ts"),
    import("./program/places.ts"),
  ]);
  const report = check(settings, placesOf(settings));
  if (format === "text") io.out(`${linesOf(report).map(oneLine).join("\n")}\n`);
  else {
    const document: CheckDocument = { schema: "kuma.io/install-cni-check/v1", ...report };
    await printDocument(io, format, document);
  }
  return report.works ? 0 : EXIT.check;
}

function linesOf({ netDir, configs, network, runtime, plugin, would, warnings }: Report): string[] {
  const { state, reason } = plugin;
  const why = reason === undefined ? state : `cannot start there: ${reason}; ${state}`;
  return [
    `net dir    ${netDir.path} (host: ${netDir.host})`,
    ...configs.map(configLine),
    ...network === undefined ? [] : [`network    ${network}`],
    `runtime    ${runtime}`,
    `plugin     ${plugin.path} (host: ${plugin.host}): ${why}`,
    `would      ${inWords(would)}`,
    ...warnings.map((warning) => `warning    ${warning}`),
  ];
}

function configLine({ name, kind, types = [], invalid, used }: FoundConfig): string {
  const what = invalid === undefined ? `${kind}: ${types.join(", ")}` : `invalid: ${invalid}`;
  return `config     ${name}  ${what}${used ? "  <- the runtime uses this" : ""}`;
}

function inWords({ action, file, from, reason }: PlannedChange): string {
  switch (action) {
    case "keep":
      return `change nothing: "${file}" has the entry`;
    case "edit":
      return `add the entry at the end of the plugins in "${file}"`;
    case "convert":
      return `write "${file}" with the plugin of "${from}" and the entry, then remove "${from}"`;
    case "own":
      return `write "${file}"`;
    case "wait":
      return `wait: ${reason}`;
  }
}
