/**
 * The log of a short-lived program: lines are kept until the end, then go to the installer's Unix socket,
 * or to a small file of our own where nobody listens. Logging never fails and never waits: the socket has
 * a few milliseconds, the file is written by plain synchronous calls.
 *
 * A Unix socket with a path is found through the file system, so this works from inside a pod's netns.
 *
 * @module
 */
import { writeAllTo } from "core/program/write_all.ts";
import type { LogRecord, LogSink } from "core/log/record.ts";
import { encodeWireLine } from "core/log/wire.ts";
import { after } from "core/time/timer.ts";
import { appendToRing } from "./ring_file.ts";

/** Where the lines go, in this order. */
export interface UnixLogOptions {
  /** The installer's socket. */
  socket: string;
  /** The file for lines that the socket did not take. */
  file: string;
  /** Milliseconds that connecting and writing may take together: it is long on a node under load. Default 100. */
  budgetMs?: number;
  /** Most lines kept; later ones are dropped. Default 200. */
  maxLines?: number;
}

/** A sink, and the call that delivers what it took. */
export interface BufferedLog {
  readonly sink: LogSink;
  /** Delivers all lines; says where they went. Never throws. */
  flush(): Promise<"nothing" | "socket" | "file" | "lost">;
}

/** A log that is delivered by one call of `flush` at the program's end. */
export function unixLog(options: UnixLogOptions): BufferedLog {
  const { socket, file, budgetMs = 100, maxLines = 200 } = options;
  let records: LogRecord[] = [];
  return {
    sink: (record) => {
      if (records.length < maxLines) records.push(record);
    },
    async flush() {
      if (records.length === 0) return "nothing";
      const bytes = joinLines(records);
      records = [];
      if (await sendWithin(socket, bytes, budgetMs)) return "socket";
      return appendToRing(file, bytes) ? "file" : "lost";
    },
  };
}

async function sendWithin(socket: string, bytes: Uint8Array, budgetMs: number): Promise<boolean> {
  let connection: Deno.Conn | undefined;
  let late = false;
  const send = async (): Promise<boolean> => {
    const opened = await Deno.connect({ transport: "unix", path: socket });
    if (late) {
      opened.close();
      return false;
    }
    connection = opened;
    await writeAllTo(opened, bytes);
    return true;
  };
  const { promise: timeout, resolve } = Promise.withResolvers<boolean>();
  using _limit = after(budgetMs, () => {
    late = true;
    resolve(false);
  });
  // Nobody listens, or the reader left: the caller has another place for the lines.
  const sent = send().catch(() => false);
  try {
    return await Promise.race([sent, timeout]);
  } finally {
    connection?.close();
  }
}

function joinLines(records: readonly LogRecord[]): Uint8Array {
  const lines = records.map(encodeWireLine);
  const bytes = new Uint8Array(lines.reduce((size, line) => size + line.length, 0));
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length;
  }
  return bytes;
}
