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

/** Above this, the connection that was idle longest makes room: an API server keeps a few dozen. */
const MAX_CONNECTIONS = 1024;
/** Go's client gives up an idle connection after 90 s by itself; later there is nobody. */
const IDLE_MS = 180_000;
/** From the first byte of a request to its answer; the API server waits 30 s at most. */
const REQUEST_MS = 60_000;
const SWEEP_MS = 5000;
const HANDSHAKE_MS = 10_000;
/** A client that does not close after us is cut off: it would hold its place for ever. */
const LINGER_MS = 1000;
/**
 * A client that has just connected, or just got an answer, may have a request on its way; on a machine
 * that is busy, for long.
 */
const QUIET_MS = 1000;

/** A connection below TLS. */
interface Entry {
  /** Ends it: a handshake under way would keep it open. */
  readonly cut: () => void;
  /** For the handshake, which also needs files that there may be too few of; for the end later. */
  timer: ReturnType<typeof setTimeout>;
}

/** The listener of the public port and everything behind it. */
export class Front {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #socket: () => string;
  readonly #log: Logger;
  readonly #links = new Set<Link>();
  /** Connections by the port from which they came to the TLS listener. */
  readonly #entries = new Map<number, Entry>();
  readonly #sweeper: ReturnType<typeof setInterval>;
  #current: TlsGeneration;
  #accepted = 0;
  /** What went wrong since the last sweep, and how often: a flood must not be one of the log too. */
  readonly #complaints = new Map<string, number>();

  private constructor(
    listener: Deno.TcpListener,
    first: TlsGeneration,
    socket: () => string,
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
    socket: () => string,
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
    for (const { cut } of this.#entries.values()) cut();
    this.#current.close();
    return cut;
  }

  async #accept(): Promise<void> {
    for (;;) {
      try {
        void this.#enter(await this.#listener.accept());
      } catch (error) {
        if (isClosed(error)) return;
        // Too many open files, for one: what is idle gives some back, and none of it ends the rest.
        this.#complain(`cannot accept a connection: ${errorText(error)}`);
        this.#makeRoom();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Hands a new connection to the current TLS listener. */
  async #enter(outside: Deno.TcpConn): Promise<void> {
    if (this.#accepted >= MAX_CONNECTIONS) {
      this.#complain(`more than ${MAX_CONNECTIONS} connections`);
      if (!this.#makeRoom()) return outside.close();
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
      this.#entries.set(port, { cut, timer: setTimeout(cut, HANDSHAKE_MS) });
      await Promise.all([pump(outside, inside), pump(inside, outside)]);
    } catch (error) {
      this.#complain(`a connection could not be served: ${errorText(error)}`);
    } finally {
      this.#accepted--;
      clearTimeout(this.#entries.get(port)?.timer);
      this.#entries.delete(port);
      cut();
    }
  }

  /** Links what a TLS listener accepts to the HTTP server. */
  async #serve(generation: TlsGeneration): Promise<void> {
    for await (const secure of generation.accepted()) void this.#link(secure);
  }

  async #link(secure: Deno.TlsConn): Promise<void> {
    const { port } = secure.remoteAddr as Deno.NetAddr;
    const link = new Link(secure);
    this.#links.add(link);
    try {
      await link.run(this.#socket(), () => clearTimeout(this.#entries.get(port)?.timer));
    } catch (error) {
      // A scan, a probe without TLS, a client that does not know our CA: daily life of an open port.
      this.#log.debug("a connection ended", { reason: errorText(error) });
    } finally {
      this.#links.delete(link);
      const entry = this.#entries.get(port);
      if (entry !== undefined) {
        clearTimeout(entry.timer);
        entry.timer = setTimeout(entry.cut, LINGER_MS);
      }
    }
  }

  #complain(reason: string): void {
    this.#complaints.set(reason, (this.#complaints.get(reason) ?? 0) + 1);
  }

  /** Closes the connection that was idle longest; false where all are at work. */
  #makeRoom(): boolean {
    let idlest: Link | undefined;
    for (const link of this.#links) {
      if (!link.waiting && link.since < (idlest?.since ?? Infinity)) idlest = link;
    }
    idlest?.close();
    return idlest !== undefined;
  }

  #sweep(): void {
    for (const [reason, times] of this.#complaints) {
      this.#log.warn("connections in trouble", { reason, times });
    }
    this.#complaints.clear();
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

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}
