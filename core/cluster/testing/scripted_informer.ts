/**
 * An informer in front of a server that plays a script.
 *
 * @module
 */
import assert from "node:assert/strict";
import { silentLogger } from "core/log/logger.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { delay } from "core/time/clock.ts";
import { KubeClient } from "../client.ts";
import { Informer } from "../informer.ts";
import type { InformerOptions, InformerTimes } from "../informer_options.ts";

/**
 * In Deno 2.7.11 an abort between the arrival of an answer and its use leaks that answer. Each of these
 * tests ends with an abort that may come then.
 */
export const test = (name: string, fn: () => Promise<void>): void =>
  Deno.test({ name, fn, sanitizeResources: false });

/** What the server answers a request with: parts of a body, with pauses in ms between them. */
export type Script = (url: URL, request: Request) => Response | (string | Uint8Array | number)[];

/** An object of the kind. */
export const object = (
  name: string,
  version: number,
  labels: Record<string, string> = {},
): JsonObject => ({
  metadata: { name, namespace: "n", resourceVersion: String(version), labels },
});
/** The body of a page of a list. */
export const list = (version: number, items: JsonObject[], next?: string): string[] => [
  JSON.stringify({
    metadata: {
      resourceVersion: String(version),
      ...(next === undefined ? {} : { continue: next }),
    },
    items,
  }),
];
/** A line of a watch. */
export const event = (type: string, object: Json): string =>
  `${JSON.stringify({ type, object })}\n`;
/** A pause that only the end of the test ends, ms. */
export const FOREVER = 1e9;

/** The informer, what it has asked, and a wait of at most five seconds. */
export interface Played extends AsyncDisposable {
  readonly informer: Informer<string>;
  readonly requests: URL[];
  readonly headers: Headers[];
  watches(): URL[];
  lists(): URL[];
  until(what: () => boolean): Promise<void>;
}

/** An informer in front of a server that plays a script; it stops with the test. */
export function play(
  script: Script,
  times: Partial<InformerTimes> = {},
  selection: InformerOptions<string>["selection"] = {},
): Played {
  const requests: URL[] = [];
  const headers: Headers[] = [];
  const over = new AbortController();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const url = new URL(request.url);
    requests.push(url);
    headers.push(request.headers);
    const answer = script(url, request);
    return answer instanceof Response ? answer : new Response(streamOf(answer, over.signal));
  });
  const connection = new KubeClient({
    server: `http://127.0.0.1:${server.addr.port}`,
    caPem: undefined,
    token: "t",
  });
  const informer = new Informer<string>({
    name: "things",
    path: "/things",
    keep: ({ metadata }) =>
      isObject(metadata) && isObject(metadata.labels) ? JSON.stringify(metadata.labels) : undefined,
    connection,
    log: silentLogger,
    selection,
    times: { backoffMs: () => 5, unservedMs: 5, watchSeconds: () => 60, ...times },
  });
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  return {
    informer,
    requests,
    headers,
    watches: () => requests.filter((url) => url.searchParams.has("watch")),
    lists: () => requests.filter((url) => !url.searchParams.has("watch")),
    until: async (what: () => boolean) => {
      for (const end = performance.now() + 5000; !what();) {
        assert.ok(performance.now() < end, `in vain: ${what}`);
        await delay(5);
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      connection[Symbol.dispose]();
      // A client that goes before it has an answer does not cancel the stream that it would have got.
      over.abort();
      await server.shutdown();
    },
  };
}

function streamOf(
  parts: (string | Uint8Array | number)[],
  over: AbortSignal,
): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  const signal = AbortSignal.any([over, gone.signal]);
  return new ReadableStream({
    async start(controller) {
      try {
        for (const part of parts) {
          if (typeof part === "number") await delay(part, { signal });
          else controller.enqueue(typeof part === "string" ? new TextEncoder().encode(part) : part);
        }
        controller.close();
      } catch {
        // The client has gone.
      }
    },
    cancel: () => gone.abort(),
  });
}

/** Whether a request is for a watch. */
export const isWatch = (url: URL): boolean => url.searchParams.has("watch");
