/**
 * A load on an admission server that comes the way an API server's does: new requests at a fixed rate
 * whatever the answers take, HTTP/1.1 over TLS with ALPN `h2, http/1.1` on offer, connections kept and
 * the last used one taken first, a new one opened where none is idle, 25 kept idle at most
 * (`k8s.io/apiserver/pkg/util/webhook`, Go's `http.Transport`). As there, a request that went out on a
 * kept connection is not sent a second time: it counts as an error.
 *
 * @module
 */
import { delay } from "core/time/clock.ts";
import { errorText } from "core/errors.ts";
import { type ProcessUsage, processUsage } from "./process_usage.ts";
import { percentile } from "./measure.ts";
import { LoadConnection, type Reply } from "./load_connection.ts";

/** What to ask, how often, and whom. */
export interface LoadOptions {
  /** Where a new connection goes; asked each time, as a Service leads to another replica each time. */
  readonly target: () => { hostname: string; port: number };
  /** Name in the certificate; also sent as SNI. */
  readonly serverName: string;
  /** CA certificates, PEM; read anew for each connection, for rotations. */
  readonly caPem: () => string;
  /** Path and query, such as `/inject-sidecar?timeout=10s`. */
  readonly path: string;
  /** Body of the n-th request, JSON. */
  readonly body: (n: number) => Uint8Array | string;
  /** Why the n-th reply is an error; undefined where it is none. Default: any status but 200 is. */
  readonly fault?: (reply: Reply, n: number) => string | undefined;
  /** Requests a second. Default 200. */
  readonly rate?: number;
  /** Default 60. */
  readonly seconds?: number;
  /** Requests at the start that are answered but not counted in the percentiles. Default one second's. */
  readonly warmUp?: number;
  /** Closes a connection after so many requests, to have new ones all the time. Default: never. */
  readonly requestsPerConnection?: number;
  /** Process whose memory and CPU are looked at. */
  readonly pid?: number;
  readonly signal?: AbortSignal;
}

/** What the load found. */
export interface LoadResult {
  readonly requests: number;
  /** Milliseconds from the start of a request to the end of its answer, connecting included. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** One line a failed request. */
  readonly errors: readonly string[];
  readonly connections: number;
  /** Latest start of a request behind its time, ms: above some 50 the machine was too busy to tell. */
  readonly lag: number;
  /** Of the process; undefined without `pid`. */
  readonly usage: ProcessUsage | undefined;
}

/** Most idle connections an API server keeps to one host. */
const MAX_IDLE = 25;
/**
 * Most requests at once: an API server takes no more that change something
 * (`--max-mutating-requests-inflight`). On a starved machine the rest waits, and shows as `lag`.
 */
const MAX_INFLIGHT = 200;
const TICK_MS = 2;

/** Runs the load to its end, or until the signal fires; returns when all requests are answered. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { rate = 200, seconds = 60, warmUp = rate } = options;
  const total = Math.round(rate * seconds);
  const idle: LoadConnection[] = [];
  const open = new Set<Promise<void>>();
  const ms: number[] = [];
  const errors: string[] = [];
  let connections = 0;
  let lag = 0;

  const one = async (n: number): Promise<void> => {
    const started = performance.now();
    let connection: LoadConnection | undefined;
    try {
      do {
        connection?.close();
        connection = idle.pop();
      } while (connection?.closed);
      if (connection === undefined) {
        connections++;
        connection = await LoadConnection.open(options);
      }
      const reply = await connection.post(options.path, options.body(n));
      if (n >= warmUp) ms.push(performance.now() - started);
      const fault = (options.fault ?? notOk)(reply, n);
      if (fault !== undefined) errors.push(`request ${n}: ${fault}`);
      const used = ++connection.requests >= (options.requestsPerConnection ?? Infinity);
      if (reply.close || used || idle.length >= MAX_IDLE) connection.close();
      else idle.push(connection.rest());
    } catch (error) {
      connection?.close();
      errors.push(`request ${n}: ${errorText(error)}`);
    }
  };

  const usage = options.pid === undefined ? undefined : processUsage(options.pid);
  const begun = performance.now();
  let sent = 0;
  while (sent < total && !options.signal?.aborted) {
    const now = performance.now() - begun;
    for (; sent < total && sent * 1000 / rate <= now && open.size < MAX_INFLIGHT; sent++) {
      lag = Math.max(lag, now - sent * 1000 / rate);
      const request: Promise<void> = one(sent).finally(() => open.delete(request));
      open.add(request);
    }
    usage?.sample();
    await delay(TICK_MS);
  }
  await Promise.all(open);
  for (const connection of idle) connection.close();
  ms.sort((a, b) => a - b);
  return {
    requests: sent,
    p50: percentile(ms, 0.5),
    p99: percentile(ms, 0.99),
    max: ms.at(-1) ?? NaN,
    errors,
    connections,
    lag,
    usage: usage?.end(),
  };
}

/** One line for a person. */
export function describeLoad(result: LoadResult): string {
  const { requests, p50, p99, max, errors, connections, lag, usage } = result;
  const times = [["p50", p50], ["p99", p99], ["max", max]] as const;
  return [
    `${requests} requests on ${connections} connections`,
    ...times.map(([name, value]) => `${name} ${value.toFixed(2)} ms`),
    `${errors.length} errors`,
    `client late by at most ${lag.toFixed(0)} ms`,
    ...(usage === undefined ? [] : [
      `RSS ${usage.firstMiB.toFixed(0)} to ${usage.lastMiB.toFixed(0)} MiB, ` +
      `peak ${usage.peakMiB.toFixed(0)}, CPU ${(usage.cpuShare * 100).toFixed(0)} %`,
    ]),
  ].join(", ");
}

function notOk(reply: Reply): string | undefined {
  return reply.status === 200 ? undefined : `status ${reply.status}: ${reply.text.slice(0, 200)}`;
}
