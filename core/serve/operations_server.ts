/**
 * `/healthz`, `/readyz` and `/metrics` on a plain HTTP listener of their own.
 *
 * @module
 */
import { type ErrorCode, errorText, KumaError } from "core/errors.ts";
import { operationsPage, type OperationsPages, plain } from "./operations.ts";

/** Where the pages are, and what they show. */
export interface OperationsOptions extends OperationsPages {
  /** Address to listen on; empty for all interfaces in both families. */
  readonly address: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Code of the error where the address cannot be listened on, from the program's own family. */
  readonly code: ErrorCode;
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
  const server = listen(options, async (request) => {
    const url = URL.parse(request.url);
    const page = request.method !== "GET" && request.method !== "HEAD"
      ? plain(405, "only GET is served\n")
      : url === null
      ? plain(400, "the Host header or the path makes no URL\n")
      : await operationsPage(options, url.pathname, url.searchParams) ??
        plain(404, "nothing is served at this path\n");
    return new Response(page.text, {
      status: page.status,
      headers: { "content-type": page.type, "x-content-type-options": "nosniff" },
    });
  });
  const shutdown = () => server.shutdown();
  return { port: server.addr.port, shutdown, [Symbol.asyncDispose]: shutdown };
}

function listen(
  { address, port, code }: OperationsOptions,
  handler: Deno.ServeHandler,
): Deno.HttpServer<Deno.NetAddr> {
  let cause: unknown;
  // A pod may have no IPv6; with it, `::` takes IPv4 as well.
  for (const hostname of address === "" ? ["::", "0.0.0.0"] : [address]) {
    try {
      return Deno.serve({ hostname, port, onListen() {} }, handler);
    } catch (error) {
      cause = error;
      if (error instanceof Deno.errors.AddrInUse) break;
    }
  }
  throw new KumaError(code, `Cannot listen on ${address}:${port}: ${errorText(cause)}`, { cause });
}
