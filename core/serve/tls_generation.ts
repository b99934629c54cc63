/**
 * The TLS listener of one certificate, on loopback.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { delay } from "core/time/clock.ts";
import { acceptWithoutDelay } from "./no_delay.ts";

/** A certificate chain and its private key, PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

/** A listener that ends, once retired, with the last connection that was made to it. */
export class TlsGeneration {
  readonly #listener: Deno.TlsListener;
  readonly #port: number;
  #connecting = 0;
  #unaccepted = 0;
  #retired = false;
  #closed = false;

  /** @throws {KumaError} `KUMA-WH-022` the pair cannot be used */
  constructor(pair: CertificatePair, log: Logger) {
    try {
      // rustls knows TLS 1.2 and 1.3 only. HTTP/2 is not offered: see server.ts.
      this.#listener = Deno.listenTls({
        hostname: "127.0.0.1",
        port: 0,
        cert: pair.certificate,
        key: pair.key,
        alpnProtocols: ["http/1.1"],
      });
    } catch (cause) {
      throw new KumaError(
        "KUMA-WH-022",
        `The serving certificate cannot be used: ${errorText(cause)}`,
        { cause },
      );
    }
    this.#port = this.#listener.addr.port;
    withoutDelay(this.#port, log);
  }

  /** A new connection to the listener, which will come out of {@linkcode accepted} as its TLS side. */
  async connect(): Promise<Deno.TcpConn> {
    this.#connecting++;
    try {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
      this.#unaccepted++;
      connection.setNoDelay(true);
      return connection;
    } finally {
      this.#connecting--;
      this.#closeWhenDone();
    }
  }

  /** Connections until the end of this generation; an error of one (such as too many files) is no end. */
  async *accepted(): AsyncGenerator<Deno.TlsConn> {
    for (;;) {
      let connection: Deno.TlsConn;
      try {
        connection = await this.#listener.accept();
      } catch {
        if (this.#closed) return;
        // It stays in the queue. The front, which needs files too, says what is wrong.
        await delay(50);
        continue;
      }
      this.#unaccepted--;
      yield connection;
      this.#closeWhenDone();
    }
  }

  /** No further connections will be asked for. */
  retire(): void {
    this.#retired = true;
    this.#closeWhenDone();
  }

  /** Stops listening at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }

  #closeWhenDone(): void {
    // Somebody else on this machine may connect too and make the count of unaccepted ones smaller.
    if (this.#retired && this.#connecting === 0 && this.#unaccepted <= 0) this.close();
  }
}

/** Slow answers are better than none. */
function withoutDelay(port: number, log: Logger): void {
  let reason = "the listener's descriptor was not found";
  try {
    if (acceptWithoutDelay(port)) return;
  } catch (thrown) {
    reason = errorText(thrown);
  }
  log.warn("Nagle's algorithm stays on: some answers will take 40 ms longer", { reason });
}
