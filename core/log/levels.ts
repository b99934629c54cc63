/**
 * The order of the log levels and their names in configurations.
 *
 * @module
 */
import type { LogLevel } from "./logger.ts";

/** The levels, least severe first. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "off"];

/** Whether a line of `level` is written by a logger that is set to `threshold`. */
export function passes(level: LogLevel, threshold: LogLevel): boolean {
  return level !== "off" && LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold);
}

/** The level that a person named, in any case; undefined where it is none. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text.trim().toLowerCase());
}
