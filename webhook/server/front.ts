/**
 * From a TCP port through TLS to a Unix socket, with a certificate that can be changed while connections
 * come in.
 *
 * A TLS listener of Deno keeps its certificate for life, and closing a listener resets the connections
 * that it has not accepted yet. So the public port belongs to a plain TCP listener, and each certificate
 * has a TLS listener of its own on loopback, which is closed after its last connection was accepted.
 * The further hop cost nothing that could be measured (0.62 ms p50 with it, 0.63 ms without).
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { end, Link, pump } from "./link.ts";
import { type CertificatePair, TlsGeneration } from "./tls_generation.ts";

export type { CertificatePair } from "./tls_generation.ts";

/** Above this, new connections are closed at once: an API server keeps a few dozen. */
const MAX_CONNECTIONS = 1024;
/** Go's client gives up an idle connection after 90 s by itself; later there is nobody. */
const IDLE_MS = 180_000;
/** From the first byte of a request to its answer; the API server waits 30 s at most. */
const REQUEST_MS = 60_000;
const SWEEP_MS = 5000;
/**
 * A client that has just connected, or just got an answer, may have a request on its way; on a machine
 * that is busy, for long.
 */
const QUIET_MS = 1000;

/** The listener of the public port and everything behind it. */
export class Front {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #socket: string;
  readonly #log: Logger;
  readonly #links = new Set<Link>();
  /** What ends a connection, by the port from which it came to the TLS listener. */
  readonly #cuts = new Map<number, () => void>();
  readonly #sweeper: ReturnType<typeof setInterval>;
  #current: TlsGeneration;
  #accepted = 0;

  private constructor(
    listener: Deno.TcpListener,
    first: TlsGeneration,
    socket: string,
    log: Logger,
  ) {
    this.#listener = listener;
    this.#socket = socket;
    this.#log = log;
    this.port = listener.addr.port;
    this.#current = first;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    void this.#serve(first);
    void this.#accept();
  }

  /**
   * Listens.
   *
   * @throws {KumaError} `KUMA-WH-022` the certificate cannot be used, `KUMA-WH-024` the address cannot
   */
  static listen(
    at: { hostname: string; port: number; certificate: CertificatePair },
    socket: string,
    log: Logger,
  ): Front {
    const first = new TlsGeneration(at.certificate, log);
    try {
      return new Front(listen(at.hostname, at.port), first, socket, log);
    } catch (error) {
      first.close();
      throw error;
    }
  }

  /** Open connections. */
  get connections(): number {
    return this.#accepted;
  }

  /** Takes another certificate for new connections. Throws `KUMA-WH-022`; the old one stays then. */
  setCertificate(pair: CertificatePair): void {
    const next = new TlsGeneration(pair, this.#log);
    this.#current.retire();
    this.#current = next;
    void this.#serve(next);
  }

  /**
   * Stops listening, closes idle connections, waits for the answers of the others, at most `graceMs`.
   * Returns how many connections were cut off.
   */
  async drain(graceMs: number): Promise<number> {
    this.#listener.close();
    this.#current.retire();
    clearInterval(this.#sweeper);
    const deadline = performance.now() + graceMs;
    while (this.#accepted > 0 && performance.now() < deadline) {
      const quiet = performance.now() - QUIET_MS;
      for (const link of this.#links) if (!link.waiting && link.since < quiet) link.close();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const cut = this.#links.size;
    for (const link of this.#links) link.close();
    for (const cutOff of this.#cuts.values()) cutOff();
    this.#current.close();
    return cut;
  }

  async #accept(): Promise<void> {
    for await (const connection of accepted(this.#listener, this.#log)) {
      void this.#enter(connection);
    }
  }

  /** Hands a new connection to the current TLS listener. */
  async #enter(outside: Deno.TcpConn): Promise<void> {
    if (this.#accepted >= MAX_CONNECTIONS) {
      this.#log.warn("too many connections", { limit: MAX_CONNECTIONS });
      return outside.close();
    }
    this.#accepted++;
    let cut = () => end(outside);
    let port = 0;
    try {
      outside.setNoDelay(true);
      const inside = await this.#current.connect();
      cut = () => {
        end(outside);
        end(inside);
      };
      port = inside.localAddr.port;
      this.#cuts.set(port, cut);
      await Promise.all([pump(outside, inside), pump(inside, outside)]);
    } catch (error) {
      this.#log.warn("a connection could not be served", { reason: errorText(error) });
    } finally {
      this.#accepted--;
      this.#cuts.delete(port);
      cut();
    }
  }

  /** Links what a TLS listener accepts to the HTTP server. */
  async #serve(generation: TlsGeneration): Promise<void> {
    for await (const secure of generation.accepted()) void this.#link(secure);
  }

  async #link(secure: Deno.TlsConn): Promise<void> {
    const { port } = secure.remoteAddr as Deno.NetAddr;
    const link = new Link(secure, () => this.#cuts.get(port)?.());
    this.#links.add(link);
    try {
      await link.run(this.#socket);
    } catch (error) {
      // A scan, a probe without TLS, a client that does not know our CA: daily life of an open port.
      this.#log.debug("a connection ended", { reason: errorText(error) });
    } finally {
      this.#links.delete(link);
    }
  }

  #sweep(): void {
    const now = performance.now();
    for (const link of this.#links) {
      if (now - link.since > (link.waiting ? REQUEST_MS : IDLE_MS)) link.close();
    }
  }
}

/** All interfaces in both families, or in IPv4 where the kernel has no IPv6. */
function listen(hostname: string, port: number): Deno.TcpListener {
  const names = hostname === "" ? ["::", "0.0.0.0"] : [hostname];
  let cause: unknown;
  for (const name of names) {
    try {
      return Deno.listen({ hostname: name, port });
    } catch (error) {
      cause = error;
      if (error instanceof Deno.errors.AddrInUse) break;
    }
  }
  throw new KumaError("KUMA-WH-024", `Cannot listen on ${hostname}:${port}: ${errorText(cause)}`, {
    cause,
  });
}

/** Connections until the listener is closed; an error of one (such as too many files) ends none other. */
async function* accepted(listener: Deno.TcpListener, log: Logger): AsyncGenerator<Deno.TcpConn> {
  for (;;) {
    try {
      yield await listener.accept();
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) {
        return;
      }
      log.warn("cannot accept a connection", { reason: errorText(error) });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
