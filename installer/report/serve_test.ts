import assert from "node:assert/strict";
import type { LogLevel } from "core/log/logger.ts";
import { Metrics } from "./metrics.ts";
import { answer, serve } from "./serve.ts";

function served(state = { ready: true, alive: true }) {
  let level: LogLevel = "info";
  return {
    metrics: new Metrics(),
    ready: () => ({ ready: state.ready, reason: "no config" }),
    alive: () => state.alive,
    level: () => level,
    setLevel: (next: LogLevel) => {
      level = next;
    },
  };
}

const from = (hostname: string) => ({
  remoteAddr: { transport: "tcp", hostname, port: 1 } as const,
  completed: Promise.resolve(),
});

async function ask(path: string, init: RequestInit = {}, state = served(), host = "127.0.0.1") {
  const response = await answer(new Request(`http://x${path}`, init), from(host), state);
  return [response.status, (await response.text()).trim()];
}

Deno.test("health, readiness and metrics", async () => {
  assert.deepEqual(await ask("/healthz"), [200, "ok"]);
  assert.deepEqual(await ask("/readyz"), [200, "ok"]);
  const bad = served({ ready: false, alive: false });
  assert.deepEqual(await ask("/readyz", {}, bad), [503, "no config"]);
  assert.equal((await ask("/healthz", {}, bad))[0], 503);
  assert.match(String((await ask("/metrics"))[1]), /# TYPE kuma_cni_install_ready gauge/);
  assert.equal((await ask("/else"))[0], 404);
  assert.equal((await ask("/readyz", { method: "POST" }))[0], 405);
});

Deno.test("the log level changes from within the pod only", async () => {
  const state = served();
  const put = (body: string) => ({ method: "PUT", body });
  for (const host of ["10.0.0.1", "fd00::1", "::ffff:10.0.0.1"]) {
    assert.equal((await ask("/loglevel", put("debug"), state, host))[0], 403, host);
  }
  assert.equal(state.level(), "info");
  assert.equal((await ask("/loglevel", put("loud"), state))[0], 400);
  assert.deepEqual(await ask("/loglevel", put("debug\n"), state, "::ffff:127.0.0.1"), [
    200,
    "debug",
  ]);
  assert.deepEqual(await ask("/loglevel", {}, state, "::1"), [200, "debug"]);
  assert.equal((await ask("/loglevel", { method: "DELETE" }, state))[0], 405);
});

Deno.test("a port that is taken is named", async () => {
  using taken = Deno.listen({ hostname: "::", port: 0 });
  const { port } = taken.addr;
  assert.throws(() => serve(port, served()), { code: "KUMA-INS-050" });
  await using _nothing = serve(0, served());
});
