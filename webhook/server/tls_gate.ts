/**
 * TLS in front of an HTTP server on a Unix socket. Three hops, for two reasons of this runtime:
 *
 * - `Deno.serve` over TLS always offers HTTP/2, which API servers take, and there every request waits
 *   44 ms for a delayed ACK. Here only HTTP/1.1 is offered, so TLS is ended here.
 * - A TLS listener cannot change its certificate, and closing one resets connections that wait in its
 *   queue. So the port belongs to a plain listener that never closes; it hands each connection to the
 *   TLS listener of the moment, on a loopback port. A new certificate is a new TLS listener.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";

/** A certificate chain and its key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Where the gate listens and leads. */
export interface GateOptions {
  readonly hostname: string;
  readonly port: number;
  /** Path of the Unix socket of the HTTP server. */
  readonly socket: string;
  readonly log: Logger;
}

/** More connections than this are closed at once: each costs memory, and API servers need few. */
const MAX_CONNECTIONS = 1024;
/** How long a replaced TLS listener still takes connections that were on their way to it. */
const RETIRE_MS = 10_000;

/** The gate; nothing passes before the first {@linkcode TlsGate.use}. */
export class TlsGate {
  readonly #options: GateOptions;
  readonly #outer: Deno.TcpListener;
  readonly #retiring = new Set<number>();
  #inner: Deno.TlsListener | undefined;
  #open = 0;

  /** Takes the port. Throws what `Deno.listen` throws. */
  constructor(options: GateOptions) {
    this.#options = options;
    this.#outer = Deno.listen({ hostname: options.hostname, port: options.port });
  }

  /** The port in use. */
  get port(): number {
    return this.#outer.addr.port;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#open;
  }

  /**
   * Serves new connections with this certificate; open ones are left alone. Throws `KUMA-WH-022` for a
   * pair that cannot serve, the old one stays then.
   */
  use(pair: KeyPair): void {
    let listener: Deno.TlsListener;
    const options = { hostname: "127.0.0.1", port: 0, ...pair, alpnProtocols: ["http/1.1"] };
    try {
      listener = Deno.listenTls(options);
    } catch (cause) {
      throw new KumaError("KUMA-WH-022", `The certificate cannot be used: ${errorText(cause)}`, {
        cause,
      });
    }
    void this.#acceptTls(listener);
    const old = this.#inner;
    this.#inner = listener;
    if (old === undefined) void this.#acceptTcp();
    else this.#retire(old);
  }

  /** Takes no new connections; open ones go on. */
  close(): void {
    this.#outer.close();
    for (const timer of this.#retiring) clearTimeout(timer);
    this.#inner?.close();
  }

  #retire(listener: Deno.TlsListener): void {
    const timer = setTimeout(() => {
      this.#retiring.delete(timer);
      listener.close();
    }, RETIRE_MS);
    Deno.unrefTimer(timer);
    this.#retiring.add(timer);
  }

  async #acceptTcp(): Promise<void> {
    for await (const connection of this.#outer) {
      const port = this.#inner?.addr.port ?? 0;
      if (this.#open >= MAX_CONNECTIONS) {
        connection.close();
        this.#options.log.warn("too many connections", { open: this.#open });
        continue;
      }
      connection.setNoDelay(true);
      this.#open++;
      void this.#join(connection, async () => {
        const inner = await Deno.connect({ hostname: "127.0.0.1", port });
        inner.setNoDelay(true);
        return inner;
      }).finally(() => this.#open--);
    }
  }

  async #acceptTls(listener: Deno.TlsListener): Promise<void> {
    const { socket } = this.#options;
    for await (const connection of listener) {
      void this.#join(connection, () => Deno.connect({ transport: "unix", path: socket }));
    }
  }

  /** Copies both ways until both sides have ended. A peer that goes away is no news. */
  async #join(outside: Deno.Conn, open: () => Promise<Deno.Conn>): Promise<void> {
    let inside: Deno.Conn;
    try {
      inside = await open();
    } catch (thrown) {
      outside.close();
      this.#options.log.warn("a connection cannot be served", { reason: errorText(thrown) });
      return;
    }
    const ways = await Promise.allSettled([
      outside.readable.pipeTo(inside.writable),
      inside.readable.pipeTo(outside.writable),
    ]);
    const failed = ways.find((way) => way.status === "rejected");
    if (failed !== undefined) {
      this.#options.log.debug("a connection ended early", { reason: errorText(failed.reason) });
    }
  }
}
