/**
 * An API server that has too much to do: a relay in front of the real one, which it speaks for with the same
 * certificate, and which answers 429 for as long as it is told to. (The real server's own priority and fairness
 * would need a real crowd.)
 *
 * @module
 */
import { files } from "./servers.ts";
import type { TestCluster } from "./apiserver.ts";

/** The relay; dispose of it. */
export class BusyRelay implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #client: Deno.HttpClient;
  /** Watches and other requests that are under way: what ends each, and when its answer has been passed on. */
  readonly #underWay = new Map<AbortController, Promise<void>>();
  /** While true, every request is answered 429. */
  busy = false;
  /** Method and path of each request that was refused so. */
  readonly refused: string[] = [];
  /** Method and path of each request that was let through. */
  readonly passed: string[] = [];

  /** @param as whom the real server takes its callers for, where they show no token */
  constructor(cluster: TestCluster, as?: { readonly certificate: string; readonly key: string }) {
    const at = files(cluster.dir);
    this.#client = Deno.createHttpClient({
      caCerts: [Deno.readTextFileSync(at.ca)],
      ...(as === undefined ? {} : { cert: as.certificate, key: as.key }),
    });
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: Deno.readTextFileSync(at.serverCertificate),
      key: Deno.readTextFileSync(at.serverKey),
      onListen() {},
    }, (request) => this.#answer(request, cluster.url));
  }

  /** Where it is. */
  get url(): string {
    return `https://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Ends all that is under way, watches foremost. */
  cut(): void {
    for (const request of this.#underWay.keys()) request.abort();
  }

  async #answer(request: Request, target: string): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const what = `${request.method} ${pathname}${search}`;
    if (this.busy) {
      this.refused.push(what);
      const status = { kind: "Status", code: 429, reason: "TooManyRequests", message: "busy" };
      return Response.json(status, { status: 429, headers: { "retry-after": "1" } });
    }
    this.passed.push(what);
    const body = request.body === null ? null : await request.arrayBuffer();
    const cutting = new AbortController();
    const { signal } = cutting;
    request.signal.addEventListener("abort", () => cutting.abort(), { once: true });
    this.#underWay.set(cutting, Promise.resolve());
    try {
      const { method, headers } = request;
      const url = `${target}${pathname}${search}`;
      // Not with the signal: aborted as the head of the answer comes in, the runtime loses the body of it.
      const answer = await fetch(url, { method, headers, body, client: this.#client });
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      // Through a stream of our own: one that the runtime passes on by itself outlives the signal.
      const passed = (answer.body ?? new Blob([]).stream()).pipeTo(writable, { signal })
        .catch(() => undefined).finally(() => this.#underWay.delete(cutting));
      this.#underWay.set(cutting, passed);
      return new Response(readable, { status: answer.status, headers: answer.headers });
    } catch {
      this.#underWay.delete(cutting);
      // As a gateway says it, whether the connection was cut on purpose or broke by itself: what a handler throws
      // would be a 500, which the API server means otherwise.
      return new Response(null, { status: 502 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const answers = [...this.#underWay.values()];
    this.cut();
    await Promise.all(answers);
    await this.#server.shutdown();
    this.#client.close();
  }
}
