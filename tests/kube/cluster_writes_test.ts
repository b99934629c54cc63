/**
 * Writes, Lease and Events of core/cluster against a real API server.
 */
import assert from "node:assert/strict";
import { ApiError, KubeClient } from "core/cluster/client.ts";
import { EventRecorder } from "core/cluster/event_recorder.ts";
import { leadWithLease } from "core/cluster/lease.ts";
import { createObject, deleteObject, patchObject, updateObject } from "core/cluster/writes.ts";
import { silentLogger } from "core/log/logger.ts";
import type { JsonObject } from "core/patch/json.ts";
import { ManualClock } from "core/time/testing/manual_clock.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { startApiServer, type TestCluster } from "./apiserver.ts";

const test = requires("etcd");
const MAPS = "/api/v1/namespaces/default/configmaps";
const ONE = `${MAPS}/one`;

function admin(cluster: TestCluster): KubeClient {
  const { certificate: cert, key } = cluster.admin;
  const server = cluster.url;
  return new KubeClient({
    server,
    caPem: cluster.caPem,
    token: undefined,
    certificate: { cert, key },
  });
}

const refused = (status: number, reason: string) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.deepEqual([error.status, error.reason], [status, reason]);
  return true;
};
const metaOf = (object: JsonObject) =>
  object.metadata as { uid: string; resourceVersion: string; name: string };

test("writes hold only while their preconditions do, and Events count up", async () => {
  await using cluster = await startApiServer();
  using client = admin(cluster);
  const first = await createObject(client, MAPS, { metadata: { name: "one" }, data: { a: "1" } });
  await assert.rejects(
    createObject(client, MAPS, { metadata: { name: "one" } }),
    refused(409, "AlreadyExists"),
  );
  const second = await updateObject(client, ONE, { ...first, data: { a: "2" } });
  await assert.rejects(updateObject(client, ONE, { ...first, data: {} }), refused(409, "Conflict"));
  await assert.rejects(updateObject(client, ONE, { metadata: { name: "one" } }), TypeError);

  const old = { resourceVersion: metaOf(first).resourceVersion };
  const other = { uid: crypto.randomUUID() };
  const patches = {
    merge: { data: { b: "1" } },
    strategic: { data: { b: "1" } },
    json: [{ op: "add", path: "/data/b", value: "1" }],
  };
  let now = metaOf(second);
  for (const kind of ["merge", "strategic", "json"] as const) {
    for (const precondition of [old, other]) {
      await assert.rejects(
        patchObject(client, ONE, kind, patches[kind], precondition),
        precondition === old ? refused(409, "Conflict") : refused(422, "Invalid"),
        `${kind} ${JSON.stringify(precondition)}`,
      );
    }
    const { uid, resourceVersion } = now;
    const patch = patches[kind];
    now = metaOf(await patchObject(client, ONE, kind, patch, { uid, resourceVersion }));
  }
  await assert.rejects(deleteObject(client, ONE, other), refused(409, "Conflict"));
  await assert.rejects(deleteObject(client, ONE, old), refused(409, "Conflict"));
  await deleteObject(client, ONE, { uid: now.uid, resourceVersion: now.resourceVersion });
  await assert.rejects(deleteObject(client, ONE), refused(404, "NotFound"));

  const clock = new ManualClock(Date.now());
  const recorder = new EventRecorder({ client, component: "test", log: silentLogger, clock });
  const target = {
    apiVersion: "v1",
    kind: "ConfigMap",
    namespace: "default",
    name: "one",
    uid: metaOf(first).uid,
  };
  const say = (message: string) =>
    recorder.record(target, { type: "Warning", reason: "Broken", message });
  await Promise.all(Array.from({ length: 30 }, () => say("the same")));
  assert.equal(recorder.dropped, 5, "25 at once and no more");
  const events = () =>
    cluster.request<{ items: { count: number; message: string; metadata: { name: string } }[] }>(
      "GET",
      "/api/v1/namespaces/default/events?fieldSelector=reason=Broken",
    );
  const { items } = await events();
  assert.deepEqual(items.map(({ count, message }) => [count, message]), [[25, "the same"]]);
  // What the server has forgotten is written anew, and the bucket has a token after five minutes.
  await cluster.request("DELETE", `/api/v1/namespaces/default/events/${items[0]?.metadata.name}`);
  await clock.advance(300_000);
  await say("the same");
  assert.deepEqual((await events()).items.map(({ count }) => count), [1]);
  assert.equal(recorder.dropped, 5);
});

test("a Lease has one holder, and is lost with the API server's silence", async () => {
  await using cluster = await startApiServer();
  using client = admin(cluster);
  let leaders = 0;
  const replica = (identity: string) => {
    const stop = new AbortController();
    const state = { leads: false };
    const lead = async (signal: AbortSignal) => {
      assert.equal(++leaders, 1, "one at a time");
      state.leads = true;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      state.leads = false;
      leaders--;
    };
    const end = leadWithLease(
      {
        client,
        namespace: "kube-system",
        name: "l",
        identity,
        log: silentLogger,
        durationMs: 4000,
        renewMs: 2500,
        retryMs: 100,
      },
      lead,
      stop.signal,
    );
    return { state, stop, end };
  };
  const a = replica("a");
  await waitUntil("a leads", () => a.state.leads);
  const b = replica("b");
  a.stop.abort();
  assert.equal(await a.end, "ended");
  await waitUntil("b leads", () => b.state.leads);
  await cluster.pause();
  assert.equal(await b.end, "lost");
  await cluster.resume();
  const c = replica("c");
  await waitUntil("c leads after b's time", () => c.state.leads, { timeoutMs: 60_000 });
  c.stop.abort();
  assert.equal(await c.end, "ended");
});
