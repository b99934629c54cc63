/**
 * Takes the plugin's log lines from the Unix socket into this program's own log and metrics.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { listenAt } from "core/host/unix_listener.ts";
import { WireDecoder } from "core/log/wire.ts";
import type { LogRecord } from "core/log/record.ts";
import { after } from "core/time/timer.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** Connections that are read at a time; more wait in the listen queue. */
const MOST_READERS = 64;

/** Milliseconds that a connection may be silent. */
const SILENCE_MS = 5000;

/**
 * Listens at `path`, for root only. Never throws: without the socket the plugin writes a file of its own.
 *
 * @returns what closes it
 */
export function listenForPlugin(path: string, log: Log, metrics: Metrics): Disposable {
  try {
    const listener = listenAt(path);
    void acceptAll(listener, log, metrics);
    return { [Symbol.dispose]: () => listener.close() };
  } catch (error) {
    const why = { path, error: errorText(error) };
    log.logger.warn("cannot listen for the plugin's log, which goes to its file", why);
    return { [Symbol.dispose]() {} };
  }
}

/** The plugin's last line of a call. */
const OUTCOMES: Readonly<Record<string, string>> = { done: "done", failed: "failed" };

/** Counts one line of the plugin's. */
export function countRecord(record: LogRecord, metrics: Metrics): void {
  metrics.add("kuma_cni_log_lines_total", { level: record.level });
  const { command, duration_ms: ms } = record.fields;
  const outcome = OUTCOMES[record.msg];
  if (typeof command !== "string" || outcome === undefined) return;
  const labels = { verb: word(command), outcome };
  metrics.add("kuma_cni_plugin_calls_total", labels);
  if (typeof ms === "number" && Number.isFinite(ms)) {
    metrics.observe("kuma_cni_plugin_call_duration_seconds", ms / 1000, labels);
  }
}

async function acceptAll(listener: Deno.UnixListener, log: Log, metrics: Metrics): Promise<void> {
  let readers = 0;
  let roomAgain: (() => void) | undefined;
  for await (const connection of listener) {
    readers += 1;
    void readOne(connection, log, metrics).finally(() => {
      readers -= 1;
      roomAgain?.();
    });
    if (readers >= MOST_READERS) await new Promise<void>((resolve) => roomAgain = resolve);
  }
}

async function readOne(connection: Deno.Conn, log: Log, metrics: Metrics): Promise<void> {
  const decoder = new WireDecoder();
  const buffer = new Uint8Array(32 * 1024);
  using silence = after(SILENCE_MS, close);
  function close(): void {
    try {
      connection.close();
    } catch (error) {
      // The other side's end and the timer can both come first.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
  try {
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) break;
      silence.again(SILENCE_MS);
      for (const record of decoder.push(buffer.subarray(0, size))) {
        countRecord(record, metrics);
        log.forward(record);
      }
    }
  } catch (error) {
    log.logger.debug("a log connection broke", { error: errorText(error) });
  } finally {
    close();
    if (decoder.dropped > 0) {
      metrics.add("kuma_cni_log_lines_dropped_total", {}, decoder.dropped);
    }
  }
}

/** Label values come from another process: short words only, so that there are few series. */
function word(text: string): string {
  return /^[A-Za-z0-9_-]{1,24}$/.test(text) ? text : "other";
}
