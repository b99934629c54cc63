import assert from "node:assert/strict";
import { silentLogger } from "core/log/logger.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { delay } from "core/time/clock.ts";
import { KubeClient } from "./client.ts";
import { Informer } from "./informer.ts";
import type { InformerOptions, InformerTimes } from "./informer_options.ts";

/**
 * In Deno 2.7.11 an abort between the arrival of an answer and its use leaks that answer. Each of these
 * tests ends with an abort that may come then.
 */
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeResources: false });

/** What the server answers a request with: parts of a body, with pauses in ms between them. */
type Script = (url: URL, request: Request) => Response | (string | Uint8Array | number)[];

const object = (
  name: string,
  version: number,
  labels: Record<string, string> = {},
): JsonObject => ({
  metadata: { name, namespace: "n", resourceVersion: String(version), labels },
});
const list = (version: number, items: JsonObject[], next?: string) => [
  JSON.stringify({
    metadata: {
      resourceVersion: String(version),
      ...(next === undefined ? {} : { continue: next }),
    },
    items,
  }),
];
const event = (type: string, object: Json) => `${JSON.stringify({ type, object })}\n`;
const FOREVER = 1e9;

/** An informer in front of a server that plays a script; it stops with the test. */
function play(
  script: Script,
  times: Partial<InformerTimes> = {},
  selection: InformerOptions<string>["selection"] = {},
) {
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

const isWatch = (url: URL) => url.searchParams.has("watch");

test("an informer lists page by page and watches from the list's version", async () => {
  await using it = play((url) => {
    if (isWatch(url)) return [event("ADDED", object("c", 12, { v: "c" })), FOREVER];
    return url.searchParams.get("continue") === "next/1"
      ? list(10, [object("b", 2)])
      : list(10, [object("a", 1)], "next/1");
  });
  await it.until(() => it.informer.get("n/c") !== undefined);
  assert.ok(it.informer.synced);
  assert.equal(it.informer.size, 3);
  assert.deepEqual(it.lists().map((url) => url.searchParams.get("limit")), ["500", "500"]);
  const watch = it.watches()[0]?.searchParams;
  assert.equal(watch?.get("resourceVersion"), "10");
  assert.equal(watch?.get("allowWatchBookmarks"), "true");
  assert.equal(watch?.get("timeoutSeconds"), "60");
  assert.equal(it.headers[0]?.get("authorization"), "Bearer t");
});

test("a selection holds for every page and every watch", async () => {
  const selection = { fieldSelector: "a!=b,c=d", labelSelector: "x" };
  await using it = play(
    (url) => {
      if (isWatch(url)) return [event("DELETED", object("a", 12)), FOREVER];
      return url.searchParams.has("continue") ? list(10, []) : list(10, [object("a", 1)], "next");
    },
    {},
    selection,
  );
  await it.until(() => it.informer.synced && it.informer.size === 0);
  assert.equal(it.requests.length, 3);
  for (const { searchParams } of it.requests) {
    assert.equal(searchParams.get("fieldSelector"), selection.fieldSelector);
    assert.equal(searchParams.get("labelSelector"), selection.labelSelector);
  }
});

test("a quiet watch that is cut now and then is taken up as soon each time", async () => {
  const failures: number[] = [];
  await using it = play((url) => {
    if (!isWatch(url)) return list(10, [object("a", 1)]);
    return new Response(
      new ReadableStream({
        async start(controller) {
          await delay(100);
          controller.error(new Error("cut"));
        },
      }),
    );
  }, {
    watchSeconds: () => 0.1,
    backoffMs: (count) => {
      failures.push(count);
      return 5;
    },
  });
  await it.until(() => failures.length === 4);
  assert.deepEqual(failures, [1, 1, 1, 1]);
  assert.equal(it.informer.restarts.get("connection"), 4);
});

test("a watch goes on where the last one ended, bookmarks included", async () => {
  await using it = play((url) => {
    if (!isWatch(url)) return list(10, [object("a", 1)]);
    switch (url.searchParams.get("resourceVersion")) {
      case "10":
        return [event("MODIFIED", object("a", 11, { v: "2" }))];
      case "11":
        return [event("DELETED", object("a", 12)), event("BOOKMARK", object("", 40))];
      default:
        return [FOREVER];
    }
  });
  await it.until(() => it.watches().length === 3);
  assert.equal(it.watches()[2]?.searchParams.get("resourceVersion"), "40");
  assert.equal(it.informer.size, 0);
  assert.equal(it.lists().length, 1);
  assert.equal(it.informer.restarts.get("timeout"), 2);
});

for (
  const [how, expired] of [
    ["as status", () => new Response('{"code":410,"message":"too old"}', { status: 410 })],
    ["as event", () => [event("ERROR", { code: 410, message: "too old resource version" })]],
    ["as a version from the future", () => [event("ERROR", { code: 504, message: "Too large" })]],
  ] as [string, () => ReturnType<Script>][]
) {
  test(`an expired version, ${how}, makes it list again; what is gone is gone`, async () => {
    let lists = 0;
    await using it = play((url) => {
      if (!isWatch(url)) {
        return lists++ === 0
          ? list(10, [object("a", 1), object("b", 2)])
          : list(50, [object("b", 9)]);
      }
      return url.searchParams.get("resourceVersion") === "10" ? expired() : [FOREVER];
    });
    await it.until(() => it.watches().length === 2);
    assert.equal(it.watches()[1]?.searchParams.get("resourceVersion"), "50");
    assert.equal(it.informer.get("n/a"), undefined);
    assert.notEqual(it.informer.get("n/b"), undefined);
    assert.ok(it.informer.synced);
    assert.equal(it.informer.restarts.get("expired"), 1);
  });
}

test("pages that expire are asked for all at once the next time", async () => {
  await using it = play((url) => {
    if (isWatch(url)) return [FOREVER];
    if (url.searchParams.has("continue")) return new Response("{}", { status: 410 });
    return url.searchParams.get("limit") === "0"
      ? list(10, [object("a", 1), object("b", 2)])
      : list(10, [object("a", 1)], "x");
  });
  await it.until(() => it.informer.synced);
  assert.equal(it.informer.size, 2);
});

test("a kind that is not served yet is waited for", async () => {
  let served = false;
  await using it = play((url) => {
    if (isWatch(url)) return [FOREVER];
    return served ? list(1, []) : new Response("404 page not found", { status: 404 });
  });
  assert.equal(it.informer.unserved, false, "nobody has said so yet");
  await it.until(() => it.informer.restarts.get("status 404") === 3);
  assert.ok(it.informer.unserved);
  assert.equal(it.informer.synced, false);
  served = true;
  await it.until(() => it.informer.synced);
  assert.equal(it.informer.unserved, false);
});

test("characters and events survive wherever the network cuts them", async () => {
  const bytes = new TextEncoder().encode(
    event("ADDED", object("a", 11, { v: "grüße € 😀" })) + event("ADDED", object("b", 12)),
  );
  await using it = play((url) =>
    isWatch(url)
      ? [
        ...[...bytes].flatMap((byte, at) =>
          at % 7 === 0 ? [1, Uint8Array.of(byte)] : [Uint8Array.of(byte)]
        ),
        FOREVER,
      ]
      : list(10, [])
  );
  await it.until(() => it.informer.size === 2);
  assert.equal(it.informer.get("n/a"), '{"v":"grüße € 😀"}');
});

test("a server that ends watches at once is not asked all the time", async () => {
  await using it = play((url) => isWatch(url) ? [] : list(10, []), { backoffMs: () => 200 });
  await delay(700);
  assert.ok(it.watches().length <= 5, String(it.watches().length));
  assert.ok((it.informer.restarts.get("cut short") ?? 0) >= 2);
});

test("a server that says 410 each time is not asked all the time", async () => {
  const gone = () => new Response("{}", { status: 410 });
  await using it = play((url) => isWatch(url) ? gone() : list(10, []), { backoffMs: () => 200 });
  await delay(700);
  assert.ok(it.requests.length <= 12, String(it.requests.length));
});

test("silence beyond the promised end, or in place of an answer, opens another watch", async () => {
  let watches = 0;
  await using it = play((url) => {
    if (!isWatch(url)) return list(10, [object("a", 1)]);
    return ++watches < 3 ? [event("BOOKMARK", object("", 20)), FOREVER] : [FOREVER];
  }, { watchSeconds: () => 0, graceMs: 100 });
  await it.until(() => watches >= 3);
  assert.ok((it.informer.restarts.get("silence") ?? 0) >= 2);
  assert.equal(it.lists().length, 1);
  assert.ok(it.informer.synced);
});

test("lines that are no events start the watch anew", async () => {
  let watches = 0;
  await using it = play((url) => {
    if (!isWatch(url)) return list(10, []);
    watches++;
    return watches === 1 ? ["no json\n"] : watches === 2 ? ['{"type":1}\n'] : [FOREVER];
  });
  await it.until(() => watches === 3);
  assert.equal(it.informer.restarts.get("connection"), 2);
});

test("a refused list is tried again and leaves the informer unsynced", async () => {
  let refusals = 3;
  await using it = play((url) => {
    if (isWatch(url)) return [FOREVER];
    return refusals-- > 0
      ? Response.json({ message: "things is forbidden" }, { status: 403 })
      : list(1, []);
  });
  await it.until(() => it.informer.synced);
  assert.equal(it.informer.restarts.get("status 403"), 3);
});

// A fake, since a real API server refuses so only while it is busy with others: see the API priority levels.
test("a server that has no room is asked again when it says, by list and by watch", async () => {
  const busy = () =>
    Response.json({ reason: "TooManyRequests" }, { status: 429, headers: { "retry-after": "1" } });
  const asked: [kind: string, at: number][] = [];
  let watches = 0;
  await using it = play((url) => {
    asked.push([isWatch(url) ? "watch" : "list", performance.now()]);
    if (!isWatch(url)) return asked.length === 1 ? busy() : list(1, []);
    return watches++ === 0 ? busy() : [event("ADDED", object("a", 2)), FOREVER];
  });
  await it.until(() => it.informer.get("n/a") !== undefined);
  assert.deepEqual(asked.map(([kind]) => kind), ["list", "list", "watch", "watch"]);
  assert.equal(it.informer.restarts.get("status 429"), 2);
  // Its own pauses are of 5 ms here. Timers may come a little early by another clock.
  const at = asked.map(([, time]) => time);
  assert.ok(at[1]! - at[0]! > 950 && at[3]! - at[2]! > 950, `${at}`);
});

test("listeners hear of what is there, what changes, and what a new list lacks", async () => {
  let lists = 0;
  await using it = play((url) => {
    if (!isWatch(url)) {
      return lists++ === 0
        ? list(10, [object("a", 1, { v: "1" }), object("b", 2)])
        : list(50, [object("b", 2), object("c", 49)]);
    }
    return url.searchParams.get("resourceVersion") === "10"
      ? [event("MODIFIED", object("a", 11, { v: "2" })), event("ERROR", { code: 410 })]
      : [FOREVER];
  });
  const heard: unknown[] = [];
  it.informer.subscribe(() => {
    throw new Error("a listener that fails ends nothing");
  });
  it.informer.subscribe(({ type, key, synthetic }) => heard.push([type, key, synthetic]));
  await it.until(() => it.informer.get("n/c") !== undefined);
  assert.deepEqual(heard, [
    ["added", "n/a", true],
    ["added", "n/b", true],
    ["changed", "n/a", false],
    ["deleted", "n/a", true],
    ["added", "n/c", true],
  ]);
  const late: unknown[] = [];
  it.informer.subscribe(({ type, key }) => late.push([type, key]))();
  assert.deepEqual(late, [["added", "n/b"], ["added", "n/c"]]);
  assert.equal(it.informer.held("n/c")?.resourceVersion, "49");
});

test("until waits for a change, and ends with its signal", async () => {
  await using it = play((url) =>
    isWatch(url) ? [50, event("ADDED", object("late", 11)), FOREVER] : list(10, [])
  );
  const { informer } = it;
  const found = await informer.until(() => informer.get("n/late"), AbortSignal.timeout(5000));
  assert.equal(found, "{}");
  const ended = new AbortController();
  const never = informer.until(() => informer.get("n/never"), ended.signal);
  ended.abort();
  assert.equal(await never, undefined);
  assert.equal(await informer.until(() => false, ended.signal), undefined, "fired before");
});
