import assert from "node:assert/strict";
import { viewPod } from "./pod.ts";

const pod = {
  metadata: {
    namespace: "ns",
    name: "web-0",
    uid: "u",
    annotations: { a: "b" },
    managedFields: [],
  },
  spec: { containers: [{ name: "app", image: "x" }], initContainers: [{ name: "kuma-sidecar" }] },
  status: {},
};

Deno.test("viewPod takes names, uid, annotations and containers", () => {
  assert.deepEqual(viewPod(pod), {
    namespace: "ns",
    name: "web-0",
    uid: "u",
    annotations: { a: "b" },
    containers: ["app"],
    initContainers: ["kuma-sidecar"],
  });
});

Deno.test("viewPod takes a pod without annotations and init containers", () => {
  const bare = viewPod({
    metadata: { namespace: "ns", name: "n", uid: "u" },
    spec: { containers: [] },
  });
  assert.deepEqual(bare?.annotations, {});
  assert.deepEqual(bare?.initContainers, []);
});

Deno.test("viewPod refuses what is no pod", () => {
  for (
    const value of [
      null,
      [],
      "pod",
      { kind: "Status", metadata: {}, status: "Failure" },
      { ...pod, spec: undefined },
      { ...pod, metadata: { ...pod.metadata, uid: 1 } },
      { ...pod, metadata: { ...pod.metadata, annotations: { a: 1 } } },
      { ...pod, metadata: { ...pod.metadata, annotations: [] } },
      { ...pod, spec: { containers: {} } },
      { ...pod, spec: { containers: [{}] } },
      { ...pod, spec: { containers: [null] } },
    ]
  ) assert.equal(viewPod(value), undefined);
});
