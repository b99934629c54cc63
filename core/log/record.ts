/**
 * One log line as data, and the logger that makes such lines.
 *
 * @module
 */
import { systemClock } from "../time/clock.ts";
import { oneLine } from "core/errors.ts";
import { passes } from "./levels.ts";
import type { LogFields, Logger, LogLevel } from "./logger.ts";
import { redactFields, redactText } from "./redact.ts";

/** One line, after redaction: safe to write anywhere. */
export interface LogRecord {
  /** ISO 8601 in UTC with milliseconds. */
  readonly ts: string;
  readonly level: Exclude<LogLevel, "off">;
  /** The program or part of it, such as `kuma-cni`. */
  readonly logger: string;
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where lines go. Must not throw: a line that cannot be written is lost. */
export type LogSink = (record: LogRecord) => void;

/** What a logger is made of. */
export interface LoggerOptions {
  name: string;
  level: LogLevel;
  sink: LogSink;
  /** Fields of every line. */
  fields?: LogFields;
  /** The clock, for tests. */
  now?: () => Date;
}

const systemNow = () => new Date(systemClock.wall());

/** A logger whose lines are filtered by level and redacted before the sink sees them. */
export function createLogger(options: LoggerOptions): Logger {
  const { name, level: threshold, sink, fields: own = {}, now = systemNow } = options;
  const log = (level: LogRecord["level"]) => (message: string, fields: LogFields = {}) => {
    if (!passes(level, threshold)) return;
    sink({
      ts: now().toISOString(),
      level,
      logger: name,
      msg: oneLine(redactText(message)),
      fields: redactFields({ ...own, ...fields }),
    });
  };
  return {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    with: (fields) => createLogger({ ...options, fields: { ...own, ...fields } }),
  };
}
