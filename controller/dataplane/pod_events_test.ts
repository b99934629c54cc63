import assert from "node:assert/strict";
import type { EventTarget, EventText } from "core/cluster/event_recorder.ts";
import type { Warning } from "core/dataplane/decision.ts";
import { ManualClock } from "core/time/testing/manual_clock.ts";
import { PodEvents } from "./pod_events.ts";

const pod = { namespace: "shop", name: "orders", uid: "u" };
const old: Warning = { reason: "DeprecatedKumaAnnotation", message: "old" };

/** Events as lines, by a recorder that writes none. */
function subject() {
  const lines: string[] = [];
  const clock = new ManualClock();
  const record = (about: EventTarget, { type, reason, message }: EventText) => {
    lines.push(`${about.name} ${type} ${reason}: ${message}`);
    return Promise.resolve();
  };
  const events = new PodEvents({ record, dropped: 0 }, clock);
  return { events, clock, said: () => lines.splice(0) };
}

Deno.test("a failure is said once, until it is another one or was mended", () => {
  const { events, said } = subject();
  const line = (why: string) =>
    `orders Warning FailedToGenerateKumaDataplane: Failed to generate Kuma Dataplane: ${why}`;
  events.failed(pod, "a");
  events.failed(pod, "a");
  assert.deepEqual(said(), [line("a")]);
  events.failed(pod, "b");
  assert.deepEqual(said(), [line("b")]);
  events.succeeded(pod, [], true);
  events.failed(pod, "b");
  assert.deepEqual(said(), [line("b")]);
  events.forget("shop/orders");
  events.failed(pod, "b");
  assert.deepEqual(said(), [line("b")]);
});

Deno.test("a warning is said when it is new, and not by a program that starts again", () => {
  const { events, said } = subject();
  events.succeeded(pod, [old], false);
  assert.deepEqual(said(), [], "all was in order before it started");
  const other: Warning = { reason: "UnresolvedServicePort", message: "nowhere" };
  events.succeeded(pod, [old, other], false);
  assert.deepEqual(said(), ["orders Warning UnresolvedServicePort: nowhere"]);
  events.succeeded(pod, [old, other], true);
  assert.deepEqual(said(), []);
  events.succeeded({ ...pod, name: "new" }, [old], true);
  assert.deepEqual(said(), ["new Warning DeprecatedKumaAnnotation: old"]);
});

Deno.test("good news is told as long as there is not too much of it", async () => {
  const { events, clock, said } = subject();
  for (let n = 0; n < 70; n++) events.wrote(pod, "Created");
  assert.equal(said().length, 50);
  assert.equal(events.dropped, 20);
  await clock.advance(250);
  for (let n = 0; n < 5; n++) events.wrote(pod, "Updated");
  assert.deepEqual(
    said(),
    Array(2).fill("orders Normal UpdatedKumaDataplane: Updated Kuma Dataplane: orders"),
  );
});
