import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { viewCniPod } from "./cni_pod.ts";

Deno.test("a pod counts by label, node, phase and condition", () => {
  const pod = (change: JsonObject): JsonObject => ({
    metadata: { labels: { app: "kuma-cni" } },
    spec: { nodeName: "a" },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    ...change,
  });
  const view = (change: JsonObject) => viewCniPod(pod(change), "kuma-cni");
  assert.deepEqual(view({}), { node: "a", ready: true });
  assert.deepEqual(view({ metadata: { labels: { app: "x" } } }), undefined);
  assert.deepEqual(view({ spec: {} }), undefined);
  assert.deepEqual(view({ status: { phase: "Pending", conditions: [] } })?.ready, false);
  const since = { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:01Z" };
  assert.deepEqual(view({ status: { phase: "Running", conditions: [since] } }), {
    node: "a",
    ready: true,
    readySince: Date.UTC(2026, 0, 1, 0, 0, 1),
  });
  const notReady = { phase: "Running", conditions: [{ type: "Ready", status: "Unknown" }] };
  assert.deepEqual(view({ status: notReady })?.ready, false);
});
