/**
 * A TLS server with a CA of its own that answers as no healthy API server does. The real one can be
 * stopped, paused and asked with wrong credentials; 500, truncated JSON and slow answers it cannot give.
 *
 * @module
 */
import { createPki, type KeyPair } from "../kube/pki.ts";

/** What it answers; `undefined` leaves the connection open without an answer. */
export type Answer = (request: Request) => Response | undefined | Promise<Response | undefined>;

/** A running server; gone when disposed of. */
export class MisbehavingApi implements AsyncDisposable {
  /** Requests that came so far. */
  requests = 0;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #hanging = Promise.withResolvers<Response>();

  private constructor(
    readonly caPem: string,
    keys: KeyPair,
    answer: Answer,
    readonly hostname: string,
  ) {
    this.#server = Deno.serve({
      hostname,
      port: 0,
      cert: keys.certificate,
      key: keys.key,
      onListen() {},
    }, async (request) => {
      this.requests += 1;
      return await answer(request) ?? await this.#hanging.promise;
    });
  }

  /** `https://127.0.0.1:PORT`, or `https://[::1]:PORT`. */
  get url(): string {
    const host = this.hostname.includes(":") ? `[${this.hostname}]` : this.hostname;
    return `https://${host}:${this.#server.addr.port}`;
  }

  /** Starts it; `answer` is asked for each request. */
  static async create(answer: Answer, hostname = "127.0.0.1"): Promise<MisbehavingApi> {
    const { caPem, server } = await createPki();
    return new MisbehavingApi(caPem, server, answer, hostname);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hanging.resolve(new Response(undefined, { status: 503 }));
    await this.#server.shutdown();
  }
}
