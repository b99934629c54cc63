/**
 * The installer's log on standard output, with a level that can change while it runs.
 *
 * @module
 */
import { formatRecord, type LogFormat } from "core/log/format.ts";
import { passes } from "core/log/levels.ts";
import type { Logger, LogLevel } from "core/log/logger.ts";
import { createLogger, type LogRecord } from "core/log/record.ts";
import { writeAll } from "core/program/write_all.ts";

/** A logger, the level that it has now, and the way for lines of others. */
export interface Log {
  readonly logger: Logger;
  level: LogLevel;
  /** Writes a line that the plugin made; it has been filtered by the plugin's own level. */
  forward(record: LogRecord): void;
}

/** A log of this form and first level; `write` takes one line at a time, with its line feed. */
export function makeLog(
  level: LogLevel,
  format: LogFormat,
  write: (line: string) => void = writeOut,
): Log {
  const log: Log = {
    level,
    forward: (record) => write(`${formatRecord(record, format)}\n`),
    logger: createLogger({
      name: "install-cni",
      level: "debug",
      sink: (record) => {
        if (passes(record.level, log.level)) write(`${formatRecord(record, format)}\n`);
      },
    }),
  };
  return log;
}

function writeOut(line: string): void {
  try {
    writeAll(Deno.stdout, line);
  } catch {
    // Standard output is closed or full: there is no place left that could take the complaint.
  }
}
