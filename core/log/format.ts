/**
 * The two forms of a log line for people and collectors. Neither ends in a line break, and neither can
 * contain one: JSON escapes it, and messages are folded into one line.
 *
 * @module
 */
import type { LogRecord } from "./record.ts";

/** How lines are written: `json`, or `text` (tab-separated as Kuma 2.9 writes them). */
export type LogFormat = "json" | "text";

/** The line in the given form. */
export function formatRecord(record: LogRecord, format: LogFormat): string {
  return format === "json" ? formatJson(record) : formatText(record);
}

/** `{"ts":…,"level":…,"logger":…,"msg":…,` and the fields `}`; a field never replaces one of the four. */
export function formatJson(record: LogRecord): string {
  const { ts, level, logger, msg, fields } = record;
  return JSON.stringify({ ts, level, logger, msg, ...renamed(fields) });
}

/** Timestamp, LEVEL, logger, message and the fields as JSON, separated by tabs. */
export function formatText(record: LogRecord): string {
  const columns = [record.ts, record.level.toUpperCase(), record.logger, record.msg];
  if (Object.keys(record.fields).length > 0) columns.push(JSON.stringify(record.fields));
  return columns.join("\t");
}

const RESERVED = new Set(["ts", "level", "logger", "msg"]);

function renamed(fields: LogRecord["fields"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [RESERVED.has(key) ? `field.${key}` : key, value]),
  );
}
