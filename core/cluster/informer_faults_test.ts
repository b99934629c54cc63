/** What the informer makes of servers and networks that fail. */
import assert from "node:assert/strict";
import { delay } from "core/time/clock.ts";
import { event, FOREVER, isWatch, list, object, play, test } from "./testing/scripted_informer.ts";

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
