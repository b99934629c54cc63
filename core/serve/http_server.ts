/**
 * A server of HTTP/1.1 that strangers may reach: with TLS or without, within limits of connections, bytes and
 * time.
 *
 * @module
 */
import { peerOf } from "./peer.ts";
import { type ErrorCode, errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { delay } from "core/time/clock.ts";
import { every } from "core/time/timer.ts";
import { Budget } from "./budget.ts";
import { Complaints } from "./complaints.ts";
import { Guests } from "./guests.ts";
import { type HttpHandler, type HttpService, serveConnection } from "./http_connection.ts";
import { mostConnections } from "./open_files.ts";
import { end } from "./pump.ts";
import type { CertificatePair } from "./tls_generation.ts";
import { TlsDoor } from "./tls_door.ts";

/** Half-read heads, bodies, and what parsing makes of small ones. */
const BUDGET = 48 * 1024 * 1024;
const SWEEP_MS = 1000;
/** Complaints are told at every so many sweeps. */
const TELL_EVERY = 5;

/** What to serve, and where. */
export interface HttpServerOptions {
  /** Address to listen on; empty for all interfaces in both families. */
  readonly hostname: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Code of the error where the address cannot be listened on. */
  readonly code: ErrorCode;
  /** For TLS; without it the connections are plain. */
  readonly certificate?: CertificatePair;
  readonly answer: HttpHandler;
  readonly log: Logger;
  /** Bytes of requests in memory at once; default 48 MiB. */
  readonly budget?: number;
  /** Connections at once; default 1024, or a third of the files that may be open. */
  readonly connections?: number;
}

/** A running one. */
export class HttpServer {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #log: Logger;
  readonly #guests: Guests;
  readonly #complaints: Complaints;
  readonly #service: HttpService;
  readonly #door: TlsDoor | undefined;
  readonly #sweeper: Disposable;
  #ending = false;

  /**
   * Listens.
   *
   * @throws {KumaError} `options.code` the address cannot be listened on, `KUMA-WH-022` the certificate
   * cannot be used
   */
  constructor(options: HttpServerOptions) {
    const { certificate, answer, log, budget = BUDGET } = options;
    this.#log = log;
    this.#guests = new Guests(options.connections ?? mostConnections());
    this.#complaints = new Complaints(log);
    this.#service = {
      answer,
      budget: new Budget(budget, () => this.#guests.giveWay()),
      ending: () => this.#ending,
      failed: (error) => log.error("a request failed", { reason: errorText(error) }),
    };
    this.#door = certificate === undefined ? undefined : new TlsDoor(
      certificate,
      (secure, guest) => serveConnection(secure, guest, this.#service),
      log,
    );
    try {
      this.#listener = listen(options);
    } catch (error) {
      this.#door?.close();
      throw error;
    }
    this.port = this.#listener.addr.port;
    let sweeps = 0;
    this.#sweeper = every(SWEEP_MS, () => {
      for (const [doing, times] of this.#guests.sweep()) {
        this.#complaints.note(`too slow: ${doing}`, times);
      }
      if (++sweeps % TELL_EVERY === 0) this.#complaints.tell();
    });
    void this.#accept();
  }

  /** Open connections. */
  get connections(): number {
    return this.#guests.size;
  }

  /** Notes what went wrong with a request, for the log to tell now and then. */
  complain(reason: string): void {
    this.#complaints.note(reason);
  }

  /** Takes another certificate for new connections. Throws `KUMA-WH-022`; the old one stays then. */
  setCertificate(pair: CertificatePair): void {
    this.#door?.setCertificate(pair);
  }

  /** Asks clients, with each answer from now on, to go: they have time until {@linkcode drain}. */
  wind(): void {
    this.#ending = true;
  }

  /**
   * Stops listening, closes idle connections, waits for the answers of the others, at most `graceMs`.
   * Returns how many connections were cut off.
   */
  async drain(graceMs: number): Promise<number> {
    this.#ending = true;
    closeListener(this.#listener);
    this.#door?.retire();
    const deadline = performance.now() + graceMs;
    while (this.#guests.size > 0 && performance.now() < deadline) {
      this.#guests.sendIdleAway();
      await delay(20);
    }
    this.#sweeper[Symbol.dispose]();
    const cut = this.#guests.sendAllAway();
    this.#door?.close();
    this.#complaints.tell();
    return cut;
  }

  async #accept(): Promise<void> {
    for (;;) {
      try {
        this.#enter(await this.#listener.accept());
      } catch (error) {
        if (isClosed(error)) return;
        // Too many open files, for one: what is idle gives some back, and none of it ends the rest.
        this.#complaints.note(`cannot accept a connection: ${errorText(error)}`);
        this.#guests.makeRoom();
        await delay(50);
      }
    }
  }

  #enter(outside: Deno.TcpConn): void {
    const guest = this.#guests.admit(peerOf(outside.remoteAddr.hostname), () => end(outside));
    if (guest === undefined) {
      this.#complaints.note("more connections than can be answered");
      return end(outside);
    }
    const served = this.#door === undefined
      ? serveConnection(outside, guest, this.#service)
      : this.#door.through(outside, guest);
    served.catch((error) => this.#log.debug("a connection ended", { reason: errorText(error) }))
      .finally(() => {
        this.#guests.leave(guest);
        end(outside);
      });
  }
}

/** All interfaces in both families, or in IPv4 where the kernel has no IPv6. */
function listen({ hostname, port, code }: HttpServerOptions): Deno.TcpListener {
  let cause: unknown;
  for (const name of hostname === "" ? ["::", "0.0.0.0"] : [hostname]) {
    try {
      return Deno.listen({ hostname: name, port });
    } catch (error) {
      cause = error;
      if (error instanceof Deno.errors.AddrInUse) break;
    }
  }
  throw new KumaError(code, `Cannot listen on ${hostname}:${port}: ${errorText(cause)}`, { cause });
}

/** Closes a listener; one that is closed already is fine. */
function closeListener(listener: Deno.TcpListener): void {
  try {
    listener.close();
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}
