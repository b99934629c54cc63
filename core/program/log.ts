/**
 * The log of a long-running program: lines on standard error.
 *
 * @module
 */
import { formatRecord } from "core/log/format.ts";
import type { Logger, LogLevel } from "core/log/logger.ts";
import { createLogger, type LogRecord } from "core/log/record.ts";
import { writeAll } from "./write_all.ts";

/** Which lines are shown, and how. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "json" | "text";
}

/**
 * A logger of the name of its program. Lines are written at the next tick, many at once: one write a line costs
 * more than an injection.
 */
export function stderrLogger(name: string, { level, format }: LogOptions): Logger {
  let waiting: string[] = [];
  const flush = () => {
    const text = waiting.join("");
    waiting = [];
    writeAll(Deno.stderr, text);
  };
  const sink = (record: LogRecord) => {
    waiting.push(`${formatRecord(record, format).trimEnd()}\n`);
    if (waiting.length === 1) queueMicrotask(flush);
  };
  return createLogger({ name, level, sink });
}
