/**
 * Bytes from one connection to another.
 *
 * @module
 */
import { writeAllTo } from "core/program/write_all.ts";

/**
 * Copies bytes until `from` ends, then ends the writing side of `to`. A connection that is reset or
 * closed ends both; that is a normal end.
 *
 * @param chunk bytes of the buffer, which is held all the time
 * @param flowing what to wait for before more is read
 */
export async function pump(
  from: Deno.Conn,
  to: Deno.Conn,
  chunk: number,
  flowing?: () => Promise<void> | undefined,
): Promise<void> {
  const buffer = new Uint8Array(chunk);
  try {
    for (;;) {
      const size = await from.read(buffer);
      if (size === null) break;
      await writeAllTo(to, buffer.subarray(0, size));
      const pause = flowing?.();
      if (pause !== undefined) await pause;
    }
    await to.closeWrite();
  } catch (error) {
    if (!isEnd(error)) throw error;
    end(to);
    end(from);
  }
}

/** Whether an error only says that a connection is over. */
export function isEnd(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.ConnectionAborted;
}

/** Closes a connection; one that is closed already is fine. */
export function end(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
