import assert from "node:assert/strict";
import { delay } from "core/time/clock.ts";
import {
  event,
  FOREVER,
  isWatch,
  list,
  object,
  play,
  type Script,
  test,
} from "./testing/scripted_informer.ts";

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

// A fake, since a real API server refuses so only while it is busy with others: see the API priority levels.
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
