/**
 * The flags that programs which serve have in common, and what they mean.
 *
 * @module
 */
import { type ErrorCode, errorText, KumaError } from "core/errors.ts";
import { LOG_LEVELS, parseLogLevel } from "core/log/levels.ts";
import type { Logger, LogLevel } from "core/log/logger.ts";
import type { SettingsDocument } from "core/settings/load.ts";
import type { FlagDefinition, ParsedCommand } from "./command.ts";
import { stderrLogger } from "./log.ts";
import { UsageError } from "./usage_error.ts";

/** Where the settings are. */
export const CONFIG_FILE_FLAG: FlagDefinition = {
  name: "config-file",
  bool: false,
  placeholder: "path",
  path: true,
  help: "the control plane's YAML document",
};

/** Where the pages about the program itself are, by default on this TCP port. */
export const operationsFlags = (port: number): readonly FlagDefinition[] => [
  {
    name: "address",
    bool: false,
    placeholder: "address",
    help: "where /healthz, /readyz and /metrics are; all where not given",
  },
  {
    name: "port",
    bool: false,
    placeholder: "port",
    defaultText: String(port),
    help: "TCP port of these",
  },
];

/** What is logged, and how. */
export const LOG_FLAGS: readonly FlagDefinition[] = [
  {
    name: "log-level",
    bool: false,
    placeholder: "level",
    choices: LOG_LEVELS,
    defaultText: "info",
    help: `least severe lines that are logged: ${LOG_LEVELS.join(", ")}`,
  },
  {
    name: "log-format",
    bool: false,
    placeholder: "format",
    choices: ["json", "text"],
    defaultText: "json",
    help: "json or text",
  },
];

/**
 * The log that {@linkcode LOG_FLAGS} ask for.
 *
 * @throws {UsageError} for a level or format that does not exist
 */
export function loggerFor(program: string, parsed: ParsedCommand): Logger {
  const level: LogLevel | undefined = parseLogLevel(parsed.text("log-level") ?? "");
  if (level === undefined) {
    throw new UsageError(`--log-level: it is none of ${LOG_LEVELS.join(", ")}`);
  }
  return stderrLogger(program, { level, format: parsed.choice("log-format", ["json", "text"]) });
}

/**
 * The document that {@linkcode CONFIG_FILE_FLAG} names; undefined where it is not given.
 *
 * @throws {KumaError} `code` where it cannot be read
 */
export function documentFor(parsed: ParsedCommand, code: ErrorCode): SettingsDocument | undefined {
  const name = parsed.text("config-file");
  if (name === undefined) return undefined;
  try {
    return { name, text: Deno.readTextFileSync(name) };
  } catch (cause) {
    throw new KumaError(code, `${name}: ${errorText(cause)}`, { cause });
  }
}

/**
 * A whole number that a flag holds.
 *
 * @throws {UsageError} for anything else, and for one above `most`
 */
export function wholeNumber(parsed: ParsedCommand, flag: string, most: number): number {
  const text = parsed.text(flag) ?? "";
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN;
  if (value <= most) return value;
  throw new UsageError(`--${flag}: it is no whole number up to ${most}`);
}
