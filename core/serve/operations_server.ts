/**
 * `/healthz`, `/readyz` and `/metrics` on a plain HTTP listener of their own.
 *
 * @module
 */
import type { ErrorCode } from "core/errors.ts";
import { type Logger, silentLogger } from "core/log/logger.ts";
import { HttpServer } from "./http_server.ts";
import { operationsPage, type OperationsPages, plain } from "./operations.ts";

/** A kubelet and some scrapers. */
const CONNECTIONS = 64;
/** Half-read heads; nobody's body is read. */
const BUDGET = 1024 * 1024;
const GRACE_MS = 2000;

/** Where the pages are, and what they show. */
export interface OperationsOptions extends OperationsPages {
  /** Address to listen on; empty for all interfaces in both families. */
  readonly address: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Code of the error where the address cannot be listened on, from the program's own family. */
  readonly code: ErrorCode;
  /** Is told what goes wrong with connections, now and then; nobody is by default. */
  readonly log?: Logger;
}

/** A running one. */
export interface OperationsServer extends AsyncDisposable {
  /** The port that it listens on. */
  readonly port: number;
  /** Stops listening and answers what was asked; at most a few seconds. */
  shutdown(): Promise<void>;
}

/**
 * Listens and answers. GET and HEAD only; bodies are not read.
 *
 * @throws {KumaError} `options.code` the address cannot be listened on
 */
export function serveOperations(options: OperationsOptions): OperationsServer {
  const server = new HttpServer({
    hostname: options.address,
    port: options.port,
    code: options.code,
    log: options.log ?? silentLogger,
    budget: BUDGET,
    connections: CONNECTIONS,
    answer: async ({ method, path, query }) =>
      method !== "GET" && method !== "HEAD"
        ? plain(405, "only GET is served\n")
        : await operationsPage(options, path, new URLSearchParams(query)) ??
          plain(404, "nothing is served at this path\n"),
  });
  const shutdown = async () => void await server.drain(GRACE_MS);
  return { port: server.port, shutdown, [Symbol.asyncDispose]: shutdown };
}
