import assert from "node:assert/strict";
import fc from "fast-check";
import { KumaError } from "core/errors.ts";
import type { JsonObject } from "core/patch/json.ts";
import { runs } from "tests/support/property.ts";
import { type PodParts, withinPodResources } from "./pod_resources.ts";
import { quantityOf, thousandths } from "./quantity.ts";

const sidecar: JsonObject = {
  name: "kuma-sidecar",
  resources: {
    requests: { cpu: "50m", memory: "64Mi", "ephemeral-storage": "50M" },
    limits: { cpu: "1000m", memory: "512Mi", "ephemeral-storage": "1G" },
  },
};
const init: JsonObject = {
  name: "kuma-init",
  resources: { requests: { cpu: "20m", memory: "20M" }, limits: { cpu: "100m", memory: "128M" } },
};
const app = (cpu: string): JsonObject => ({ name: "app", resources: { requests: { cpu } } });

const pod = (resources: JsonObject | undefined, cpu = "100m"): PodParts => ({
  containers: [sidecar, app(cpu)],
  initContainers: [init],
  ...(resources === undefined ? {} : { resources }),
});

Deno.test("a pod without resources of its own is left as it is", () => {
  const parts = pod(undefined);
  assert.deepEqual(withinPodResources(parts), { parts, warnings: [] });
  const room = pod({ requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: 2, memory: "2Gi" } });
  assert.deepEqual(withinPodResources(room), { parts: room, warnings: [] });
});

Deno.test("our limits go down to the pod's, and nobody else's", () => {
  const parts = pod({ limits: { cpu: "0.5", memory: "100Mi" } });
  const { parts: made, warnings } = withinPodResources(parts);
  const limits = (container: JsonObject | undefined) =>
    (container?.resources as JsonObject).limits as JsonObject;
  assert.deepEqual(limits(made.containers[0]), {
    cpu: "500m",
    memory: "100Mi",
    "ephemeral-storage": "1G",
  });
  assert.deepEqual(limits(made.initContainers[0]), { cpu: "100m", memory: "100Mi" });
  assert.equal(made.containers[1], parts.containers[1]);
  assert.deepEqual(warnings, [
    "the cpu limit of kuma-sidecar is lowered to 500m, which the pod may use",
    "the memory limit of kuma-sidecar is lowered to 100Mi, which the pod may use",
    "the memory limit of kuma-init is lowered to 100Mi, which the pod may use",
  ]);
});

Deno.test("the pod's requests go up to what its containers ask for together", () => {
  const { parts, warnings } = withinPodResources(
    pod({ requests: { cpu: "100m" }, limits: { cpu: 2 } }),
  );
  assert.deepEqual(parts.resources, { requests: { cpu: "150m" }, limits: { cpu: 2 } });
  assert.deepEqual(warnings, [
    "the pod's own resources.requests.cpu is raised to 150m for kuma-sidecar",
  ]);
});

Deno.test("init containers count one at a time, those that stay beside all others", () => {
  const staying = { ...sidecar, restartPolicy: "Always" };
  const big: JsonObject = { name: "migrate", resources: { limits: { cpu: "3" } } };
  const { parts } = withinPodResources({
    containers: [app("100m")],
    initContainers: [init, staying, big],
    resources: { requests: { cpu: "100m" } },
  });
  assert.deepEqual(parts.resources, { requests: { cpu: "3050m" } });
});

Deno.test("limits that leave no room are refused, with the sum", () => {
  assert.throws(
    () => withinPodResources(pod({ limits: { cpu: "120m" } })),
    (error) =>
      error instanceof KumaError && error.code === "KUMA-WH-015" &&
      error.message.includes("resources.limits.cpu is 120m, and its containers request 150m"),
  );
  assert.throws(
    () => withinPodResources(pod({ limits: { memory: "32Mi" } })),
    /limits\.memory is 32Mi/,
  );
});

Deno.test("a quantity is written as much as it was read", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), (amount) => {
      assert.equal(thousandths(quantityOf(amount)), amount);
    }),
    runs(1000),
  );
  assert.deepEqual(["64Mi", "1.5Gi", "1e3", "0.1", "20M"].map(thousandths).map(quantityOf), [
    "64Mi",
    "1536Mi",
    "1000",
    "100m",
    "20000000",
  ]);
  assert.ok(Number.isNaN(thousandths("lots")));
});
