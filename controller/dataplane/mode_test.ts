import assert from "node:assert/strict";
import { ApiError } from "core/cluster/client.ts";
import { silentLogger } from "core/log/logger.ts";
import type { Json } from "core/patch/json.ts";
import { ManualClock } from "core/time/testing/manual_clock.ts";
import { DataplaneMode } from "./mode.ts";

const NEVER = new AbortController().signal;
const DEPLOYMENT = "/apis/apps/v1/namespaces/kuma-system/deployments/kuma-control-plane";
const LEASE = "/apis/coordination.k8s.io/v1/namespaces/kuma-system/leases/cp-leader-lease";

/** A mode that looks at these objects, by path; a number is the status of a refusal. */
function subject(objects: Record<string, Json>, clock = new ManualClock()) {
  const json = (path: string): Promise<Json> => {
    const found = objects[path] ?? 404;
    return typeof found === "number"
      ? Promise.reject(new ApiError("GET", path, { status: found, text: "no" }))
      : Promise.resolve(found);
  };
  const mode = new DataplaneMode({
    wanted: "auto",
    client: { json },
    systemNamespace: "kuma-system",
    controlPlane: "kuma-control-plane",
    log: silentLogger,
    clock,
  });
  const look = async () => {
    await mode.look(NEVER);
    return mode.current;
  };
  return { mode, look, objects, clock };
}

const renewed = (clock: ManualClock, ageMs: number, holder = "cp-1"): Json => ({
  spec: { holderIdentity: holder, renewTime: new Date(clock.wall() - ageMs).toISOString() },
});

Deno.test("a setting other than auto is taken as it is", () => {
  for (const wanted of ["write", "verify", "off"] as const) {
    const client = { json: () => Promise.reject(new Error("it does not look")) };
    const names = { systemNamespace: "a", controlPlane: "b" };
    assert.equal(
      new DataplaneMode({ wanted, client, ...names, log: silentLogger }).current,
      wanted,
    );
  }
});

Deno.test("without a control plane it writes, beside one that has replicas it verifies", async () => {
  const { mode, look, objects } = subject({});
  assert.equal(mode.current, undefined);
  assert.equal(await look(), "write");
  objects[DEPLOYMENT] = { spec: { replicas: 2 } };
  assert.equal(await look(), "verify");
  objects[DEPLOYMENT] = { spec: {} };
  assert.equal(await look(), "verify", "one replica is the default");
  objects[DEPLOYMENT] = { spec: { replicas: 0 } };
  assert.equal(await look(), "write");
});

Deno.test("a Lease counts while somebody renews it, whatever the clocks say", async () => {
  const { look, objects, clock } = subject({});
  objects[LEASE] = renewed(clock, 2000);
  assert.equal(await look(), "verify");
  await clock.advance(70_000);
  assert.equal(await look(), "write", "it was not renewed for a minute");
  // A holder whose clock is an hour behind: its renewals are seen as changes.
  objects[LEASE] = renewed(clock, 3_600_000);
  assert.equal(await look(), "verify");
  await clock.advance(70_000);
  assert.equal(await look(), "write");
  objects[LEASE] = renewed(clock, 2000, "");
  assert.equal(await look(), "write", "nobody holds it");
});

Deno.test("what cannot be found out is no leave to write", async () => {
  for (const path of [DEPLOYMENT, LEASE]) {
    const { mode, look } = subject({ [path]: 403 });
    assert.equal(await look(), "verify");
    assert.match(mode.why, /cannot be told: .*403 no/);
  }
});
