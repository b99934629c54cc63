import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { viewCheckedPod } from "./checked_pod.ts";

/** A pod as the API server shows it; `check` is the status of its kuma-validation. */
function pod(check: JsonObject, change: JsonObject = {}, status: JsonObject = {}): JsonObject {
  return {
    metadata: {
      namespace: "shop",
      name: "orders-1",
      uid: "u",
      annotations: { "kuma.io/sidecar-injected": "true" },
      ownerReferences: [{ kind: "ReplicaSet", controller: true }],
      ...change,
    },
    spec: { nodeName: "a" },
    status: {
      phase: "Pending",
      startTime: "2026-01-01T00:00:01Z",
      initContainerStatuses: [{ name: "kuma-validation", restartCount: 2, ...check }],
      ...status,
    },
  };
}

const ended = (exitCode: number): JsonObject => ({ terminated: { exitCode } });
const WAITS: JsonObject = { waiting: { reason: "CrashLoopBackOff" } };

const CHECKS: [string, JsonObject, string][] = [
  ["has failed", { state: ended(1) }, "failed"],
  ["waits for its next try", { state: WAITS, lastState: ended(1) }, "failed"],
  ["tries again", { state: { running: {} }, lastState: ended(1) }, "failed"],
  ["runs for the first time", { state: { running: {} }, lastState: {} }, "pending"],
  ["cannot have its image", { state: { waiting: { reason: "ImagePullBackOff" } } }, "pending"],
  ["was out of memory", { state: WAITS, lastState: ended(137) }, "pending"],
  ["passes at last", { state: ended(0), lastState: ended(1) }, "passed"],
];
for (const [name, check, expected] of CHECKS) {
  Deno.test(`a check that ${name} is ${expected}`, () => {
    assert.equal(viewCheckedPod(pod(check))?.check, expected);
  });
}

Deno.test("what is kept of a pod", () => {
  assert.deepEqual(viewCheckedPod(pod({ state: ended(1) })), {
    namespace: "shop",
    name: "orders-1",
    uid: "u",
    node: "a",
    check: "failed",
    restarts: 2,
    networkSince: Date.UTC(2026, 0, 1, 0, 0, 1),
    replaceable: true,
    over: false,
    labelled: false,
  });
  const conditions = [{
    type: "PodReadyToStartContainers",
    status: "True",
    lastTransitionTime: "2026-01-01T00:00:09Z",
  }];
  const later = viewCheckedPod(pod({ state: ended(1) }, {}, { conditions }));
  assert.equal(later?.networkSince, Date.UTC(2026, 0, 1, 0, 0, 9));
});

Deno.test("who is left out, who is not replaced, and who is over", () => {
  const failed = { state: ended(1) };
  assert.equal(viewCheckedPod(pod(failed, { annotations: {} })), undefined);
  assert.equal(viewCheckedPod(pod({ ...failed, name: "init" })), undefined);
  assert.equal(viewCheckedPod({ ...pod(failed), spec: {} }), undefined);
  assert.equal(viewCheckedPod(pod(failed, { ownerReferences: [] }))?.replaceable, false);
  const annotations = { "kuma.io/sidecar-injected": "true", "kubernetes.io/config.mirror": "x" };
  assert.equal(viewCheckedPod(pod(failed, { annotations }))?.replaceable, false);
  assert.equal(viewCheckedPod(pod(failed, {}, { phase: "Failed" }))?.over, true);
  const deletionTimestamp = "2026-01-01T00:00:00Z";
  assert.equal(viewCheckedPod(pod(failed, { deletionTimestamp }))?.over, true);
  const labels = { "cni.kuma.io/uninitialized": "true" };
  assert.equal(viewCheckedPod(pod(failed, { labels }))?.labelled, true);
});
