/**
 * One decrypted connection, linked to the HTTP server on its Unix socket.
 *
 * @module
 */

/** Idle connections hold their buffers: small ones, and larger ones only where much is carried. */
const CHUNK = 16 * 1024;
const LARGE_CHUNK = 64 * 1024;

/** A connection that knows whether somebody waits for an answer on it. */
export class Link {
  /** True from the first byte of a request to the first of its answer, and during the handshake. */
  waiting = true;
  /** When `waiting` last changed or bytes last came, in ms of `performance.now()`. */
  since: number = performance.now();
  readonly #secure: Deno.TlsConn;
  #http: Deno.UnixConn | undefined;
  #closed = false;

  constructor(secure: Deno.TlsConn) {
    this.#secure = secure;
  }

  /** Carries bytes until either side ends; `shaken` is called in between. Rejects when it cannot. */
  async run(socket: string, shaken: () => void): Promise<void> {
    try {
      await this.#secure.handshake();
      shaken();
      this.#http = await Deno.connect({ transport: "unix", path: socket });
      this.#mark(false);
      await Promise.all([
        pump(this.#secure, this.#http, () => this.#mark(true)),
        pump(this.#http, this.#secure, () => this.#mark(false)),
      ]);
    } finally {
      this.close();
    }
  }

  /** Ends the connection at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    end(this.#secure);
    if (this.#http !== undefined) end(this.#http);
  }

  #mark(waiting: boolean): void {
    // A body that comes byte by byte does not prolong its request's time.
    if (waiting && this.waiting) return;
    this.waiting = waiting;
    this.since = performance.now();
  }
}

/**
 * Copies bytes until `from` ends, then ends the writing side of `to`. A connection that is reset or
 * closed ends both; that is a normal end.
 */
export async function pump(from: Deno.Conn, to: Deno.Conn, seen?: () => void): Promise<void> {
  let buffer = new Uint8Array(CHUNK);
  try {
    for (;;) {
      const size = await from.read(buffer);
      if (size === null) break;
      seen?.();
      for (let at = 0; at < size;) at += await to.write(buffer.subarray(at, size));
      if (size === CHUNK && buffer.length === CHUNK) buffer = new Uint8Array(LARGE_CHUNK);
    }
    await to.closeWrite();
  } catch (error) {
    if (!isEnd(error)) throw error;
    end(to);
    end(from);
  }
}

function isEnd(error: unknown): boolean {
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
