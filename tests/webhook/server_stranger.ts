/**
 * Somebody who reaches the webhook's port and whom nobody knows.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { LoadConnection } from "../bench/load_connection.ts";
import type { Program } from "./program.ts";

const encoder = new TextEncoder();

/** Many connections of one stranger. */
export class Stranger implements Disposable {
  readonly #program: Program;
  readonly #open: Deno.TlsConn[] = [];
  /** What was answered, by its first line; "" for a connection that was ended without an answer. */
  readonly answers: string[] = [];

  constructor(program: Program) {
    this.#program = program;
  }

  /**
   * Connects so many times, a few at once, and sends on each; what is not taken stays unsent.
   * Without `alpn` nothing is offered.
   */
  async send(count: number, bytes: string | Uint8Array, alpn = ["http/1.1"]): Promise<void> {
    const data = typeof bytes === "string" ? encoder.encode(bytes) : bytes;
    let left = count;
    const one = async () => {
      while (left-- > 0) {
        const connection = await this.#connect(alpn);
        if (connection === undefined) continue;
        void this.#listen(connection);
        void write(connection, data);
      }
    };
    await Promise.all(Array.from({ length: Math.min(count, 16) }, one));
  }

  /** One request on a connection of its own; its status, or what went wrong. */
  async ask(path: string, body: string | Uint8Array): Promise<number | string> {
    try {
      const connection = await LoadConnection.open(this.#target);
      try {
        return (await connection.post(path, body)).status;
      } finally {
        connection.close();
      }
    } catch (error) {
      return errorText(error);
    }
  }

  get #target() {
    const { port, authority } = this.#program;
    return {
      target: () => ({ hostname: "127.0.0.1", port }),
      serverName: "localhost",
      caPem: () => authority.certificate,
    };
  }

  async #connect(alpnProtocols: string[]): Promise<Deno.TlsConn | undefined> {
    try {
      const { port, authority } = this.#program;
      const plain = await Deno.connect({ hostname: "127.0.0.1", port });
      const secure = await Deno.startTls(plain, {
        hostname: "localhost",
        caCerts: [authority.certificate],
        ...(alpnProtocols.length === 0 ? {} : { alpnProtocols }),
      });
      this.#open.push(secure);
      await secure.handshake();
      return secure;
    } catch (error) {
      this.answers.push(`no connection: ${errorText(error)}`);
      return undefined;
    }
  }

  async #listen(connection: Deno.TlsConn): Promise<void> {
    const buffer = new Uint8Array(1024);
    const size = await connection.read(buffer).catch(() => null);
    const [line = ""] = new TextDecoder().decode(buffer.subarray(0, size ?? 0)).split("\r\n");
    this.answers.push(line);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#open.splice(0)) connection.close();
  }
}

async function write(connection: Deno.TlsConn, data: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < data.length;) at += await connection.write(data.subarray(at));
  } catch {
    // The other side had enough.
  }
}
