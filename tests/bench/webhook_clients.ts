/**
 * So many clients at once, each on a connection of its own, each with its next request as soon as it has its
 * answer: what a roll-out looks like to an admission server.
 *
 * @module
 */
import { LoadConnection } from "./load_connection.ts";
import { percentile } from "./measure.ts";
import type { LoadOptions } from "./webhook_load.ts";

/** What they found; milliseconds. */
export interface ClientsResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Not counted: what a program that just started does is in the load at a fixed rate. */
const WARM_UP_MS = 2000;

/** Runs them for so long. Rejects with the first answer that is none. */
export async function runClients(
  options: Pick<LoadOptions, "target" | "serverName" | "caPem" | "path" | "body">,
  clients: number,
  seconds: number,
): Promise<ClientsResult> {
  const { path, body } = options;
  const connections = await Promise.all(
    Array.from({ length: clients }, () => LoadConnection.open(options)),
  );
  const ms: number[] = [];
  const counted = performance.now() + WARM_UP_MS;
  const end = counted + seconds * 1000;
  let n = 0;
  const one = async (connection: LoadConnection) => {
    for (;;) {
      const started = performance.now();
      if (started >= end) break;
      const { status, text } = await connection.post(path, body(n++));
      if (status !== 200) throw new Error(`status ${status}: ${text.slice(0, 200)}`);
      if (started >= counted) ms.push(performance.now() - started);
    }
    connection.close();
  };
  await Promise.all(connections.map(one));
  ms.sort((a, b) => a - b);
  return {
    requests: ms.length,
    perSecond: ms.length / seconds,
    p50: percentile(ms, 0.5),
    p99: percentile(ms, 0.99),
    max: ms.at(-1) ?? NaN,
  };
}
