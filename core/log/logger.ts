/** Severity, least severe first; `off` only configures a logger, nothing is logged at it. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "off";

/** Structured values of one log line; the redactor looks at every one of them. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What every room logs through: one line an operation, level, message, fields. Never throws. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each of its lines. */
  with(fields: LogFields): Logger;
}

/** A logger that drops everything: the default where a caller gives none. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with() {
    return silentLogger;
  },
};
