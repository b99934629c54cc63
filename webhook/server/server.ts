/**
 * The admission server: HTTPS on one port, HTTP/1.1 only, handlers by path.
 *
 * To plug handlers in, give {@linkcode startServer} functions from a request to a verdict; it reads and
 * answers the AdmissionReviews, counts, limits and drains:
 *
 * ```ts
 * const server = await startServer({
 *   hostname: settings.admissionAddress,   // "" listens on all interfaces
 *   port: settings.admissionPort,
 *   certificate,                           // { certificate, key }, PEM; later server.setCertificate(…)
 *   handlers: { "/inject-sidecar": (request) => injectSidecar(request, context, log) },
 *   pages: { "/explain": (body) => new Response(explain(body)) },
 *   notReady: () => cache.synced() ? undefined : `waits for ${cache.waitingFor().join(", ")}`,
 *   metrics,                               // serverMetrics(…) or a larger set
 *   log,
 * });
 * await untilSignal();                     // SIGTERM or SIGINT
 * await server.shutdown();
 * ```
 *
 * A handler that throws a `KumaError` denies with its line; anything else it throws denies with one line
 * and code 500. `/healthz`, `/readyz` and `/metrics` are on the same port, and on a plain HTTP port of
 * their own where `operationsPort` is given.
 *
 * Why it is built as it is: `Deno.serve` would offer HTTP/2, which costs 44 ms a request in Deno 2.7.11,
 * and no TLS server of that Deno can choose its ALPN protocols or change its certificate but
 * `Deno.listenTls`, which cannot speak HTTP. So bytes go from a TCP listener ({@linkcode Front}) through
 * a TLS listener that lasts as long as its certificate to a `Deno.serve` on a Unix socket.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import type { MetricSet } from "core/metrics/metrics.ts";
import type { ServerMetric } from "core/serve/metrics.ts";
import { Budget } from "core/serve/budget.ts";
import { operationsPage } from "core/serve/operations.ts";
import { serveOperations } from "core/serve/operations_server.ts";
import { type Handlers, type Pages, respond } from "./respond.ts";
import { type CertificatePair, Front } from "core/serve/front.ts";
import { HttpServer } from "core/serve/http_server.ts";

/** What the server is to serve, and where. */
export interface ServerOptions {
  /** Address to listen on; empty for all interfaces. */
  readonly hostname: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  readonly certificate: CertificatePair;
  readonly handlers: Handlers;
  /** Further pages that are no AdmissionReviews, by path; POST only. */
  readonly pages?: Pages;
  /** Why the program cannot serve yet; undefined once it can. Its text goes into `/readyz`. */
  readonly notReady: () => string | undefined;
  readonly metrics: MetricSet<ServerMetric>;
  readonly log: Logger;
  /** Plain HTTP port for `/healthz`, `/readyz` and `/metrics`; none by default. */
  readonly operationsPort?: number;
}

/** How long each step of a shutdown may take, in milliseconds. */
export interface ShutdownOptions {
  /**
   * Serving goes on for this long with `/readyz` failing, until the Service sends nobody any more.
   * Default 5000.
   */
  readonly noticeMs?: number;
  /** Then requests that are being answered have this long. Default 15000. */
  readonly graceMs?: number;
}

/** A running server. */
export interface AdmissionServer {
  readonly port: number;
  /** Port of the operations pages; undefined where none was asked for. */
  readonly operationsPort: number | undefined;
  /**
   * Serves new connections with another certificate; nothing open is touched, no request fails. Throws
   * `KUMA-WH-022` where the pair cannot be used, and the old one stays.
   */
  setCertificate(pair: CertificatePair): void;
  /** Ends gracefully: not ready, keep serving, stop listening, finish what is being answered. */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

/**
 * Starts listening. Throws `KUMA-WH-022` for a certificate that cannot be used, `KUMA-WH-024` for an
 * address that cannot be listened on.
 */
export async function startServer(options: ServerOptions): Promise<AdmissionServer> {
  const { handlers, pages = {}, metrics, log } = options;
  let stopping = false;
  const shown = {
    readyz: { webhook: () => stopping ? "it is shutting down" : options.notReady() },
    metrics,
  };
  const operations = (url: URL) => operationsPage(shown, url.pathname, url.searchParams);
  const site = { handlers, pages, operations, metrics, log, budget: new Budget() };
  const answer = async (request: Request): Promise<Response> => {
    const response = await respond(request, site);
    // Go's client offers gzip, and Deno would take it: more work than sending the few kilobytes.
    response.headers.set("cache-control", "no-store, no-transform");
    // The client leaves by itself: were this side to close an idle connection, a request could cross it.
    if (stopping) response.headers.set("connection", "close");
    return response;
  };
  const http = new HttpServer(answer, log);
  const front = await listen(options, http);
  metrics.onPage(() => metrics.set("kuma_webhook_connections", front.connections));
  const operationsServer = options.operationsPort === undefined ? undefined : serveOperations({
    address: options.hostname,
    port: options.operationsPort,
    code: "KUMA-WH-024",
    ...shown,
  });
  return {
    port: front.port,
    operationsPort: operationsServer?.port,
    setCertificate: (pair) => front.setCertificate(pair),
    async shutdown({ noticeMs = 5000, graceMs = 15_000 } = {}) {
      stopping = true;
      const started = performance.now();
      await new Promise((resolve) => setTimeout(resolve, noticeMs));
      const cut = await front.drain(graceMs);
      await Promise.all([http.shutdown(), operationsServer?.shutdown()]);
      const ms = Math.round(performance.now() - started);
      if (cut > 0) log.warn("requests were cut off", { connections: cut, ms });
      else log.info("drained", { ms });
    },
  };
}

/** Listens, or ends the HTTP server too: it would keep a program alive that serves nothing. */
async function listen(options: ServerOptions, http: HttpServer): Promise<Front> {
  try {
    return Front.listen(options, () => http.path, options.log);
  } catch (error) {
    await http.shutdown();
    throw error;
  }
}

/** Resolves when this process is asked to end; further signals then act as usual. */
export function untilSignal(): Promise<Deno.Signal> {
  const signals = ["SIGTERM", "SIGINT"] as const;
  return new Promise((resolve) => {
    const listeners = signals.map((signal) => {
      const listener = () => {
        for (const [name, other] of listeners) Deno.removeSignalListener(name, other);
        resolve(signal);
      };
      Deno.addSignalListener(signal, listener);
      return [signal, listener] as const;
    });
  });
}
