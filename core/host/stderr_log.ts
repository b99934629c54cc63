/**
 * The log on standard error. Never standard output: that belongs to results (CNI, dry-run).
 *
 * @module
 */
import { formatRecord, type LogFormat } from "core/log/format.ts";
import type { LogSink } from "core/log/record.ts";
import { writeAll } from "core/program/write_all.ts";

/** A sink that writes each line to standard error at once. */
export function stderrSink(format: LogFormat): LogSink {
  return (record) => {
    try {
      writeAll(Deno.stderr, `${formatRecord(record, format)}\n`);
    } catch {
      // Standard error is closed or full: there is no place left that could take the complaint.
    }
  };
}
