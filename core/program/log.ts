/**
 * The log on standard error. Never standard output: that belongs to results (CNI, dry-run, manifests).
 *
 * @module
 */
import { formatRecord, type LogFormat } from "core/log/format.ts";
import type { Logger, LogLevel } from "core/log/logger.ts";
import { createLogger, type LogSink } from "core/log/record.ts";
import { writeAll } from "./write_all.ts";

/** Which lines are shown, and how. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
}

/** A sink that writes each line to standard error at once. */
export function stderrSink(format: LogFormat): LogSink {
  return (record) => write(`${formatRecord(record, format)}\n`);
}

/**
 * The log of a program that serves: lines are written at the next tick, many at once, since one write a line
 * costs more than an injection.
 */
export function stderrLogger(name: string, { level, format }: LogOptions): Logger {
  let waiting: string[] = [];
  const flush = () => {
    const text = waiting.join("");
    waiting = [];
    write(text);
  };
  const sink: LogSink = (record) => {
    waiting.push(`${formatRecord(record, format)}\n`);
    if (waiting.length === 1) queueMicrotask(flush);
  };
  return createLogger({ name, level, sink });
}

function write(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch {
    // Standard error is closed or full: there is no place left that could take the complaint.
  }
}
