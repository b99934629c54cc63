import assert from "node:assert/strict";
import { silentLogger } from "core/log/logger.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { systemClock } from "core/time/clock.ts";
import { ManualClock } from "core/time/testing/manual_clock.ts";
import { ApiError, type KubeRequest } from "./client.ts";
import { leadWithLease, type LeaseEnd } from "./lease.ts";

/** One Lease, kept with the server's rules for versions. The real server is asked in tests/kube. */
class OneLease {
  lease: JsonObject | undefined;
  /** Answers nothing while true. */
  silent = false;
  /** Seconds for which it asks to be left alone, where it has no room. */
  busy: string | undefined;
  requests = 0;
  #version = 0;

  json(path: string, request: KubeRequest = {}): Promise<Json> {
    const { method = "GET", body, signal } = request;
    if (this.silent) {
      return new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason))
      );
    }
    const refuse = (status: number, retryAfter: string | null = null) => {
      throw new ApiError(method, path, { status, text: "", retryAfter });
    };
    this.requests++;
    const { busy } = this;
    if (busy !== undefined) return Promise.resolve().then(() => refuse(429, busy));
    return Promise.resolve().then(() => {
      if (method === "GET") return this.lease ?? refuse(404);
      const wanted = structuredClone(body) as JsonObject;
      const metadata = isObject(wanted.metadata) ? wanted.metadata : {};
      const present = isObject(this.lease?.metadata) ? this.lease.metadata : undefined;
      if (method === "POST" && present !== undefined) return refuse(409);
      if (method === "PUT" && metadata.resourceVersion !== present?.resourceVersion) {
        return refuse(409);
      }
      const resourceVersion = String(++this.#version);
      this.lease = { ...wanted, metadata: { ...metadata, resourceVersion } };
      return this.lease;
    });
  }

  get spec(): JsonObject {
    return isObject(this.lease?.spec) ? this.lease.spec : {};
  }
}

/** A replica that leads until it is told to stop. */
function replica(client: OneLease, clock: ManualClock, identity: string) {
  const stop = new AbortController();
  const state: { leads: boolean; end?: LeaseEnd } = { leads: false };
  const lead = async (signal: AbortSignal) => {
    state.leads = true;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    state.leads = false;
  };
  const options = { client, namespace: "n", name: "l", identity, log: silentLogger, clock };
  void leadWithLease(options, lead, stop.signal).then((end) => state.end = end);
  return { state, stop };
}

Deno.test("one leads, the next takes over at once when the Lease is given back", async () => {
  const [client, clock] = [new OneLease(), new ManualClock()];
  const a = replica(client, clock, "a");
  await clock.advance(100);
  const b = replica(client, clock, "b");
  await clock.advance(60_000);
  assert.deepEqual([a.state.leads, b.state.leads], [true, false]);
  a.stop.abort();
  await clock.advance(0);
  assert.equal(a.state.end, "ended");
  assert.equal(client.spec.holderIdentity, "");
  await clock.advance(2500);
  assert.ok(b.state.leads);
  assert.equal(client.spec.leaseTransitions, 1);
  assert.match(String(client.spec.renewTime), /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/);
  b.stop.abort();
  await clock.advance(0);
  assert.equal(clock.waiting, 0);
});

Deno.test("who cannot renew stops before another may begin", async () => {
  const [client, clock] = [new OneLease(), new ManualClock()];
  const a = replica(client, clock, "a");
  await clock.advance(3000);
  assert.ok(a.state.leads);
  client.silent = true;
  await clock.advance(8900);
  assert.ok(a.state.leads, "its ten seconds are not over");
  await clock.advance(200);
  assert.equal(a.state.end, "lost");
  client.silent = false;
  const b = replica(client, clock, "b");
  await clock.advance(14_000);
  assert.equal(b.state.leads, false, "b has not seen the record for its whole duration");
  await clock.advance(4000);
  assert.ok(b.state.leads);
  b.stop.abort();
  await clock.advance(0);
});

Deno.test("a server that has no room is left alone for as long as it asks", async () => {
  const [client, clock] = [new OneLease(), new ManualClock()];
  client.busy = "30";
  const a = replica(client, clock, "a");
  await clock.advance(29_000);
  assert.equal(client.requests, 1, "who wants the Lease can wait");
  client.busy = undefined;
  await clock.advance(1500);
  assert.ok(a.state.leads);
  client.busy = "4";
  client.requests = 0;
  await clock.advance(5400);
  assert.equal(client.requests, 1);
  client.busy = "30";
  await clock.advance(1900);
  assert.ok(a.state.leads);
  client.busy = undefined;
  await clock.advance(20_000);
  assert.ok(a.state.leads, "there was one more try before it was lost");
  a.stop.abort();
  await clock.advance(0);
});

Deno.test("who sees another holder stops at once", async () => {
  const [client, clock] = [new OneLease(), new ManualClock()];
  const a = replica(client, clock, "a");
  await clock.advance(100);
  await client.json("", {
    method: "PUT",
    body: { ...client.lease, spec: { ...client.spec, holderIdentity: "thief" } },
  });
  await clock.advance(2000);
  assert.equal(a.state.end, "lost");
  assert.equal(client.spec.holderIdentity, "thief", "what is another's is not given back");
});

Deno.test("what the work throws comes out, and the Lease is given back", async () => {
  const [client, clock] = [new OneLease(), new ManualClock()];
  const options = { client, namespace: "n", name: "l", identity: "a", log: silentLogger, clock };
  const work = () => Promise.reject(new Error("broken"));
  await assert.rejects(leadWithLease(options, work, new AbortController().signal), /broken/);
  assert.equal(client.spec.holderIdentity, "");
});

Deno.test("by the clock alone, who stood still holds nothing", async () => {
  const [client, clock] = [new OneLease(), new ManualClock()];
  const stop = new AbortController();
  const seen: boolean[] = [];
  const options = { client, namespace: "n", name: "l", identity: "a", log: silentLogger };
  let now = 0;
  const end = leadWithLease(
    { ...options, clock: { ...systemClock, now: () => now, delay: clock.delay.bind(clock) } },
    (_, holds) => {
      seen.push(holds());
      // No timer has run meanwhile.
      now = 9_999;
      seen.push(holds());
      now = 10_000;
      seen.push(holds());
      return Promise.resolve();
    },
    stop.signal,
  );
  await end;
  assert.deepEqual(seen, [true, true, false]);
});
