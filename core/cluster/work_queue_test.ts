import assert from "node:assert/strict";
import { delay } from "core/time/clock.ts";
import { ManualClock } from "core/time/testing/manual_clock.ts";
import { ApiError } from "core/kube/api_error.ts";
import { type Work, WorkQueue } from "./work_queue.ts";

/** A queue whose work is recorded and ends when the test says so. */
function start(work: Work, concurrency = 1) {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, firstRetryMs: 100, lastRetryMs: 1000 });
  const stop = new AbortController();
  const failures: [key: string, retryMs: number][] = [];
  const running = queue.run(work, {
    concurrency,
    signal: stop.signal,
    failed: (key, _, retryMs) => failures.push([key, retryMs]),
  });
  return {
    clock,
    queue,
    failures,
    end: async () => {
      stop.abort();
      await running;
      assert.equal(clock.waiting, 0, "no timer is left");
    },
  };
}

Deno.test("a key that waits is there once, and one that is worked on comes again once", async () => {
  const worked: string[] = [];
  let finish = () => {};
  const { clock, queue, end } = start(async (key) => {
    worked.push(key);
    await new Promise<void>((resolve) => finish = resolve);
  }, 2);
  for (const key of ["a", "a", "b", "c", "c"]) queue.add(key);
  await clock.advance(0);
  assert.deepEqual(worked, ["a", "b"], "two at once");
  queue.add("b");
  queue.add("b");
  assert.equal(queue.depth, 2);
  for (let turn = 0; turn < 2; turn++) {
    finish();
    await clock.advance(0);
  }
  assert.deepEqual(worked, ["a", "b", "c", "b"]);
  assert.equal(queue.running, 2);
  const ended = end();
  finish();
  await clock.advance(0);
  assert.equal(queue.running, 1, "a's work never ended");
  void ended;
});

Deno.test("a key is never worked on twice at once", async () => {
  let now = 0;
  let most = 0;
  const { clock, queue, end } = start(async () => {
    most = Math.max(most, ++now);
    await clock.delay(10);
    now--;
  }, 8);
  for (let turn = 0; turn < 20; turn++) {
    queue.add("a");
    await clock.advance(3);
  }
  await clock.advance(100);
  assert.equal(most, 1);
  await end();
});

Deno.test("failures come again later and later, up to a limit, and success forgets them", async () => {
  let fails = true;
  const at: number[] = [];
  const { clock, queue, failures, end } = start(() => {
    at.push(clock.now());
    return fails ? Promise.reject(new Error("no")) : Promise.resolve();
  });
  queue.add("a");
  await clock.advance(4000);
  assert.deepEqual(at, [0, 100, 300, 700, 1500, 2500, 3500]);
  assert.deepEqual(failures.map(([, ms]) => ms), [100, 200, 400, 800, 1000, 1000, 1000]);
  fails = false;
  await clock.advance(1000);
  assert.equal(queue.failures("a"), 0);
  assert.equal(queue.delayed, 0);
  await end();
});

Deno.test("the soonest delay counts, what is added at once waits for none, and Retry-After is heeded", async () => {
  const at: [string, number][] = [];
  const busy = { status: 429, text: "", retryAfter: "7" };
  const { clock, queue, end } = start((key) => {
    at.push([key, clock.now()]);
    if (key === "busy" && at.length === 1) throw new ApiError("GET", "/", busy);
    return Promise.resolve(key === "again" ? 400 : undefined);
  });
  queue.add("busy");
  await clock.advance(6999);
  assert.equal(at.length, 1);
  await clock.advance(1);
  assert.deepEqual(at.splice(0), [["busy", 0], ["busy", 7000]]);
  queue.addAfter("late", 300);
  queue.addAfter("late", 100);
  queue.addAfter("late", 200);
  queue.addAfter("now", 500);
  queue.add("now");
  await clock.advance(1000);
  assert.deepEqual(at.splice(0), [["now", 7000], ["late", 7100]]);
  queue.add("again");
  await clock.advance(900);
  assert.deepEqual(at, [["again", 8000], ["again", 8400], ["again", 8800]]);
  await end();
});

Deno.test("where the server asks for a pause, no other key is begun meanwhile", async () => {
  const worked: string[] = [];
  let busy = true;
  const { clock, queue, end } = start((key) => {
    worked.push(key);
    if (!busy) return Promise.resolve();
    const answer = { status: 429, text: "", retryAfter: "2" };
    return Promise.reject(new ApiError("PATCH", "/", answer));
  });
  for (const key of ["a", "b", "c"]) queue.add(key);
  await clock.advance(1999);
  assert.deepEqual(worked, ["a"]);
  busy = false;
  await clock.advance(1);
  assert.deepEqual(worked.sort(), ["a", "a", "b", "c"]);
  await end();
});

Deno.test("work that waits for nothing lets others have their turn", async () => {
  const queue = new WorkQueue();
  const stop = new AbortController();
  const keys = 200;
  let done = 0;
  for (let key = 0; key < keys; key++) queue.add(String(key));
  const work = () => {
    const until = performance.now() + 1;
    while (performance.now() < until);
    if (++done === keys) stop.abort();
    return Promise.resolve();
  };
  const running = queue.run(work, { concurrency: 10, signal: stop.signal, failed: () => {} });
  await delay(0);
  const before = done;
  await running;
  assert.ok(before < keys, `${before} of ${keys} came before a timer that was due`);
});
