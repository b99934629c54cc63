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
 *   pages: { "/explain": (body) => explain(body) },
 *   guard: (request) => review.refusal(…),   // who may see the pages and /metrics
 *   notReady: () => cache.synced() ? undefined : `waits for ${cache.waitingFor().join(", ")}`,
 *   metrics,                               // serverMetrics(…) or a larger set
 *   log,
 * });
 * await untilSignal();                     // SIGTERM or SIGINT
 * await server.shutdown();
 * ```
 *
 * A handler that throws a `KumaError` denies with its line; anything else it throws denies with one line
 * and code 500. `/healthz` and `/readyz` are open to all; `/metrics` and the pages to those whose token the
 * API server knows and whom it lets see them.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import type { MetricSet } from "core/metrics/metrics.ts";
import { HttpServer } from "core/serve/http_server.ts";
import type { SERVER_METRICS } from "core/metrics/webhook_metrics.ts";
import type { CertificatePair } from "core/serve/tls_generation.ts";
import { limitLog } from "core/serve/limited_log.ts";
import { Turns } from "core/serve/turns.ts";
import { delay } from "core/time/clock.ts";
import { type Guard, type Handlers, type Pages, respond } from "./respond.ts";

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
  readonly metrics: MetricSet<typeof SERVER_METRICS>;
  readonly log: Logger;
  /** Who may see `/metrics` and the pages. */
  readonly guard: Guard;
  /** Who may ask for reviews; everybody where it is absent. */
  readonly callers?: Guard;
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
export function startServer(options: ServerOptions): AdmissionServer {
  const { hostname, port, certificate, handlers, pages = {}, guard, metrics, log } = options;
  let stopping = false;
  const operations = {
    readyz: { webhook: () => stopping ? "it is shutting down" : options.notReady() },
    metrics,
  };
  const complain = (reason: string) => server.complain(reason);
  const turns = new Turns();
  const site = {
    handlers,
    pages,
    operations,
    guard,
    ...(options.callers === undefined ? {} : { callers: options.callers }),
    metrics,
    log: limitLog(log),
    turns,
    complain,
  };
  const server: HttpServer = new HttpServer({
    hostname,
    port,
    code: "KUMA-WH-024",
    certificate,
    answer: (request) => respond(request, site),
    log,
  });
  metrics.onPage(() => metrics.set("kuma_webhook_connections", server.connections));
  return {
    port: server.port,
    setCertificate: (pair) => server.setCertificate(pair),
    async shutdown({ noticeMs = 5000, graceMs = 15_000 } = {}) {
      stopping = true;
      server.wind();
      const started = performance.now();
      await delay(noticeMs);
      const cut = await server.drain(graceMs);
      const ms = Math.round(performance.now() - started);
      if (cut > 0) log.warn("requests were cut off", { connections: cut, ms });
      else log.info("drained", { ms });
    },
  };
}
