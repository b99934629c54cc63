/**
 * The log: JSON lines on standard error.
 *
 * @module
 */
import { formatRecord } from "core/log/format.ts";
import type { Logger, LogLevel } from "core/log/logger.ts";
import { createLogger, type LogRecord } from "core/log/record.ts";
import { writeAll } from "core/program/write_all.ts";

/** Lines are written at the next tick, many at once: one write per line costs more than an injection. */
export function stderrLogger(level: LogLevel, format: "json" | "text"): Logger {
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
  return createLogger({ name: "kuma-webhook", level, sink });
}
