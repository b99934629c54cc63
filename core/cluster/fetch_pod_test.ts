import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import { type Clock, systemClock } from "core/time/clock.ts";
import { fetchPod } from "./fetch_pod.ts";

/** Generous, since this machine may be slow; the pauses of it are not really made. */
const budget = { totalMs: 60_000, requestMs: 20_000, pauseMs: 2000 };
const wanted = { namespace: "ns", name: "web", uid: "u-1" };
const pod = (uid: string, annotations = {}) => ({
  metadata: { namespace: "ns", name: "web", uid, annotations },
  spec: { containers: [{ name: "app" }] },
});
const json = (value: unknown, status = 200) => Response.json(value, { status });

/** The machine's own time, in which every pause is over at once. */
function hastyClock(): Clock {
  let skipped = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + skipped,
    delay: (ms) => {
      skipped += ms;
      return Promise.resolve();
    },
  };
}

/** An answer: what it is, or an `undefined` for none as long as it is waited for. */
type Answer = () => Response | undefined;

/** Answers in order; the last one again and again. Gives the fetch's outcome and the tokens seen. */
async function against(
  answers: Answer[],
  { tokens = ["t"], limits = budget, clock = hastyClock() } = {},
) {
  const over = Promise.withResolvers<void>();
  const seen: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      seen.push(request.headers.get("authorization") ?? "");
      assert.equal(
        new URL(request.url).pathname,
        "/api/v1/namespaces/ns/pods/web",
      );
      const next = answers.length > 1 ? answers.shift() : answers[0];
      const answer = next?.();
      if (answer === undefined) await over.promise;
      return answer ?? json({}, 500);
    },
  );
  const endpoint = () =>
    Promise.resolve({
      server: `http://127.0.0.1:${server.addr.port}`,
      caPem: undefined,
      token: tokens.length > 1 ? tokens.shift() : tokens[0],
    });
  try {
    return {
      pod: await fetchPod(wanted, endpoint, silentLogger, limits, clock),
      seen,
      error: undefined,
    };
  } catch (error) {
    assert.ok(error instanceof KumaError, String(error));
    return { pod: undefined, seen, error };
  } finally {
    over.resolve();
    await server.shutdown();
  }
}

Deno.test("the pod is fetched at once", async () => {
  const { pod: found, seen } = await against([() => json(pod("u-1"))]);
  assert.equal(found?.uid, "u-1");
  assert.deepEqual(seen, ["Bearer t"]);
});

Deno.test("404, 500, truncated JSON and an older pod of the same name are tried again", async () => {
  const { pod: found, seen } = await against([
    () => json({}, 404),
    () => json({}, 500),
    () => new Response('{"metadata":{"na'),
    () => json(pod("u-0")),
    () => json(pod("u-1")),
  ]);
  assert.equal(found?.uid, "u-1");
  assert.equal(seen.length, 5);
});

Deno.test("a static pod's mirror is known by its hash", async () => {
  const mirror = pod("another", { "kubernetes.io/config.hash": "u-1" });
  assert.equal((await against([() => json(mirror)])).pod?.uid, "another");
});

for (
  const [what, answer, code] of [
    ["404", () => json({}, 404), "KUMA-CNI-016"],
    ["500", () => json({}, 500), "KUMA-CNI-013"],
    [
      "a redirect",
      () => Response.redirect("http://127.0.0.1:1/"),
      "KUMA-CNI-013",
    ],
    ["truncated JSON", () => new Response("{"), "KUMA-CNI-013"],
    ["something else", () => json({ kind: "Status" }), "KUMA-CNI-013"],
    ["another pod", () => json(pod("u-9")), "KUMA-CNI-016"],
  ] as const
) {
  Deno.test(`${what} for the whole budget ends in ${code}`, async () => {
    const clock = hastyClock();
    const started = clock.now();
    const { error, seen } = await against([answer], { clock });
    assert.equal(error?.code, code);
    assert.ok(seen.length > 3);
    // It is the budget that ends it, and not that of the next case.
    assert.ok(clock.now() - started >= budget.totalMs - budget.requestMs - budget.pauseMs);
  });
}

Deno.test("an answer that never comes ends in time", async () => {
  const limits = { totalMs: 500, requestMs: 200, pauseMs: 20 };
  const { error } = await against([() => undefined], { limits });
  assert.equal(error?.code, "KUMA-CNI-013");
  assert.match(error?.message ?? "", /does not answer within/);
});

Deno.test("a last try that the budget cuts short does not hide what the server said before", async () => {
  const limits = { totalMs: 6000, requestMs: 2000, pauseMs: 200 };
  const clock = hastyClock();
  const started = clock.now();
  const { error } = await against([
    () => clock.now() - started < limits.totalMs - 450 ? json({}, 404) : undefined,
  ], { limits, clock });
  assert.equal(error?.code, "KUMA-CNI-016");
  assert.match(error?.message ?? "", /knows no pod ns\/web/);
});

Deno.test("403 ends at once, with the server's own words", async () => {
  const message = 'pods "web" is forbidden: User "system:serviceaccount:x:y" cannot get';
  const { error, seen } = await against([() => json({ message }, 403)]);
  assert.equal(error?.code, "KUMA-CNI-015");
  assert.match(error?.message ?? "", /forbidden: User "system/);
  assert.equal(seen.length, 1);
});

Deno.test("401 ends as soon as the token is seen to be the same", async () => {
  const { error, seen } = await against([() => json({}, 401)]);
  assert.equal(error?.code, "KUMA-CNI-014");
  assert.equal(seen.length, 1);
});

Deno.test("401 with a token that was just renewed is tried with the new one", async () => {
  const { pod: found, seen } = await against(
    [() => json({}, 401), () => json(pod("u-1"))],
    { tokens: ["old", "new"] },
  );
  assert.equal(found?.uid, "u-1");
  assert.deepEqual(seen, ["Bearer old", "Bearer new"]);
});

Deno.test("nobody listening is tried again and then told", async () => {
  const endpoint = () =>
    Promise.resolve({
      server: "http://127.0.0.1:1",
      caPem: undefined,
      token: "t",
    });
  await assert.rejects(fetchPod(wanted, endpoint, silentLogger, budget, hastyClock()), {
    code: "KUMA-CNI-013",
  });
});

Deno.test("a kubeconfig that cannot be read ends at once", async () => {
  const endpoint = () => Promise.reject(new KumaError("KUMA-CNI-011", "missing"));
  await assert.rejects(fetchPod(wanted, endpoint, silentLogger, budget), {
    code: "KUMA-CNI-011",
  });
});
