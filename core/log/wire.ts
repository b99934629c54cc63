/**
 * How kuma-cni hands its log lines to the installer over a Unix stream socket: one JSON object a line,
 * ended by a line feed, `{"v":1,"ts":…,"level":…,"logger":…,"msg":…,"fields":{…}}`, at most
 * {@linkcode MAX_WIRE_LINE} bytes each. The sender writes and closes; nothing is ever answered.
 *
 * @module
 */
import { oneLine } from "core/errors.ts";
import { isRecord } from "core/patch/json.ts";
import { LOG_LEVELS } from "./levels.ts";
import type { LogRecord } from "./record.ts";
import { redactFields, redactText } from "./redact.ts";

/** Version of the format; a reader skips lines of another one. */
const WIRE_VERSION = 1;

/** Most bytes of one line, the line feed included. */
export const MAX_WIRE_LINE = 16 * 1024;

/** Name of the socket that the installer listens at for the plugin's lines. */
export const LOG_SOCKET_NAME = "log.sock";

/** Where the plugin sends its lines if its configuration does not say. */
export const DEFAULT_LOG_SOCKET = `/var/run/kuma-cni/${LOG_SOCKET_NAME}`;

/** The record as one line with its line feed; one that is too long loses its fields, then its tail. */
export function encodeWireLine(record: LogRecord): Uint8Array {
  const encoder = new TextEncoder();
  const line = (fields: LogRecord["fields"], msg: string) =>
    encoder.encode(`${JSON.stringify({ v: WIRE_VERSION, ...record, fields, msg })}\n`);
  const whole = line(record.fields, record.msg);
  if (whole.length <= MAX_WIRE_LINE) return whole;
  const bare = line({ truncated: true }, record.msg);
  if (bare.length <= MAX_WIRE_LINE) return bare;
  // One UTF-16 unit takes at most six bytes of JSON (\uXXXX).
  return line({ truncated: true }, record.msg.slice(0, Math.floor(MAX_WIRE_LINE / 8)));
}

/** The record of one line, or undefined for what is none (another version, not JSON, wrong types). */
export function decodeWireLine(line: string): LogRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // Whoever wrote this is no sender of ours; the reader counts such lines.
  }
  if (!isRecord(value) || value.v !== WIRE_VERSION) return undefined;
  const { ts, level, logger, msg, fields } = value;
  const known = LOG_LEVELS.find((name) => name === level);
  if (known === undefined || known === "off") return undefined;
  if (typeof ts !== "string" || typeof logger !== "string" || typeof msg !== "string") {
    return undefined;
  }
  if (!isRecord(fields)) return undefined;
  // Redacted again: a reader writes to a log that more people see, and an older sender may know less.
  return {
    ts: oneLine(ts).slice(0, 40),
    level: known,
    logger: oneLine(logger).slice(0, 80),
    msg: oneLine(redactText(msg)),
    fields: redactFields(fields),
  };
}

/** Cuts a connection's bytes into records. One decoder a connection; its memory is bounded. */
export class WireDecoder {
  /** Lines dropped so far: too long, or no records. */
  dropped = 0;
  #pending = new Uint8Array(0);
  #skipping = false;
  readonly #decoder = new TextDecoder();

  /** Takes the next bytes and gives the records that they complete. */
  push(bytes: Uint8Array): LogRecord[] {
    const records: LogRecord[] = [];
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      this.#endLine(bytes.subarray(start, end), records);
      start = end + 1;
    }
    this.#keep(bytes.subarray(start));
    return records;
  }

  #endLine(tail: Uint8Array, records: LogRecord[]): void {
    this.#keep(tail);
    const record = this.#skipping ? undefined : decodeWireLine(this.#decoder.decode(this.#pending));
    if (record === undefined) this.dropped += 1;
    else records.push(record);
    this.#pending = new Uint8Array(0);
    this.#skipping = false;
  }

  #keep(bytes: Uint8Array): void {
    if (this.#skipping || bytes.length === 0) return;
    if (this.#pending.length + bytes.length >= MAX_WIRE_LINE) {
      this.#pending = new Uint8Array(0);
      this.#skipping = true;
      return;
    }
    const joined = new Uint8Array(this.#pending.length + bytes.length);
    joined.set(this.#pending);
    joined.set(bytes, this.#pending.length);
    this.#pending = joined;
  }
}
