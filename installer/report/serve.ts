/**
 * `/healthz`, `/readyz`, `/metrics`, and the log level for those who are in the pod.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { parseLogLevel } from "core/log/levels.ts";
import type { LogLevel } from "core/log/logger.ts";
import { METRICS_CONTENT_TYPE } from "core/metrics/metrics.ts";
import type { Metrics } from "./metrics.ts";

/** What the server asks and tells. */
export interface Served {
  readonly metrics: Metrics;
  /** Looked up on the disk for every question. */
  ready(): { ready: boolean; reason: string };
  /** False when the installer's loop has stopped turning. */
  alive(): boolean;
  level(): LogLevel;
  setLevel(level: LogLevel): void;
}

/**
 * Serves on all addresses of the pod; port 0 serves nothing.
 *
 * @throws {KumaError} `KUMA-INS-050`
 */
export function serve(port: number, served: Served): AsyncDisposable {
  if (port === 0) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const handler: Deno.ServeHandler = (request, info) => answer(request, info, served);
  let failure: unknown;
  // A pod may have no IPv6; with it, `::` takes IPv4 as well.
  for (const hostname of ["::", "0.0.0.0"]) {
    try {
      const server = Deno.serve({ hostname, port, onListen() {} }, handler);
      return { [Symbol.asyncDispose]: () => server.shutdown() };
    } catch (error) {
      failure = error;
    }
  }
  throw new KumaError("KUMA-INS-050", `Cannot listen on port ${port}: ${errorText(failure)}`, {
    cause: failure,
    hint: "choose another CNI_HTTP_PORT",
  });
}

/** The answer to one request; exported for tests. */
export async function answer(
  request: Request,
  info: Deno.ServeHandlerInfo,
  served: Served,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/loglevel") return await logLevel(request, info, served);
  if (request.method !== "GET" && request.method !== "HEAD") return text(405, "only GET is served");
  switch (pathname) {
    case "/healthz":
      return served.alive() ? text(200, "ok") : text(503, "the installer's loop stands still");
    case "/readyz": {
      const { ready, reason } = served.ready();
      return text(ready ? 200 : 503, ready ? "ok" : reason);
    }
    case "/metrics":
      return text(200, served.metrics.page(), METRICS_CONTENT_TYPE);
    default:
      return text(404, "there is /healthz, /readyz, /metrics and /loglevel");
  }
}

/** Only for whoever is in the pod (`kubectl exec`, `kubectl port-forward`): others could hide their traces. */
async function logLevel(
  request: Request,
  info: Deno.ServeHandlerInfo,
  served: Served,
): Promise<Response> {
  if (!isLoopback(info.remoteAddr)) return text(403, "only from within the pod");
  if (request.method === "GET") return text(200, served.level());
  if (request.method !== "PUT") return text(405, "only GET and PUT are served");
  const level = parseLogLevel((await request.text()).slice(0, 20));
  if (level === undefined) return text(400, "the level is one of debug, info, warn, error, off");
  served.setLevel(level);
  return text(200, level);
}

function isLoopback(address: Deno.Addr): boolean {
  if (address.transport !== "tcp") return false;
  return /^(127\.|::1$|::ffff:127\.)/.test(address.hostname);
}

function text(status: number, body: string, type = "text/plain; charset=utf-8"): Response {
  return new Response(`${body.trimEnd()}\n`, { status, headers: { "content-type": type } });
}
