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

Deno.test("viewPod tells the user of the sidecar: its own, else the pod's", () => {
  const pod = (containers: unknown[], initContainers: unknown[] = [], securityContext?: unknown) =>
    viewPod({
      metadata: { namespace: "n", name: "p", uid: "u" },
      spec: { containers, initContainers, securityContext },
    })?.sidecarUser;
  const sidecar = (runAsUser?: unknown) => ({
    name: "kuma-sidecar",
    securityContext: { runAsUser },
  });
  const app = { name: "app", securityContext: { runAsUser: 1 } };
  assert.equal(pod([app, sidecar(7)]), 7);
  assert.equal(pod([app], [sidecar(8)]), 8);
  assert.equal(pod([app, sidecar()], [], { runAsUser: 9 }), 9);
  assert.equal(pod([app, sidecar(0)], [], { runAsUser: 9 }), 0);
  for (const odd of ["7", 7.5, -1, null, {}]) assert.equal(pod([sidecar(odd)]), undefined);
  assert.equal(pod([app], [], { runAsUser: 9 }), undefined);
});
