/**
 * The log on standard error. Never standard output: that belongs to results (CNI, dry-run).
 *
 * @module
 */
import { formatRecord, type LogFormat } from "core/log/format.ts";
import type { LogSink } from "core/log/record.ts";

/** A sink that writes each line to standard error at once. */
export function stderrSink(format: LogFormat): LogSink {
  const encoder = new TextEncoder();
  return (record) => {
    try {
      const bytes = encoder.encode(`${formatRecord(record, format)}\n`);
      for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
    } catch {
      // Standard error is closed or full: there is no place left that could take the complaint.
    }
  };
}
