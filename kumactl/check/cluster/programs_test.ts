import assert from "node:assert/strict";
import { readProgram } from "./program_facts.ts";
import { tagOf } from "./programs.ts";

Deno.test("the tag of an image, whatever else is in its name", () => {
  assert.equal(tagOf("kuma-cni:1.2"), "1.2");
  assert.equal(tagOf("registry:5000/kuma/kuma-cni:1.2@sha256:ab"), "1.2");
  assert.equal(tagOf("registry:5000/kuma/kuma-cni"), "");
  assert.equal(tagOf("kuma-cni@sha256:ab"), "");
});

Deno.test("what a Deployment or DaemonSet says of its rollout; others are none of ours", () => {
  const object = (container: string, spec = {}, status = {}) => ({
    metadata: { namespace: "kuma-system", name: "x", generation: 2 },
    spec: { ...spec, template: { spec: { containers: [{ name: container, image: "a:1" }] } } },
    status,
  });
  assert.equal(readProgram(object("web"), "Deployment"), undefined);
  const conditions = [{
    type: "Progressing",
    status: "False",
    message: "has timed out progressing",
  }];
  const stuck = readProgram(
    object("kuma-webhook", { replicas: 3 }, {
      observedGeneration: 2,
      updatedReplicas: 1,
      conditions,
    }),
    "Deployment",
  );
  assert.deepEqual([stuck?.wanted, stuck?.updated, stuck?.available], [3, 1, 0]);
  assert.deepEqual([stuck?.stuck, stuck?.unobserved], ["has timed out progressing", false]);
  const going = [{ type: "Progressing", status: "True" }, {
    type: "ReplicaFailure",
    status: "False",
  }];
  const fine = readProgram(object("kuma-controller", {}, { conditions: going }), "Deployment");
  assert.deepEqual([fine?.wanted, fine?.stuck, fine?.unobserved], [1, undefined, true]);
  const status = { desiredNumberScheduled: 5, updatedNumberScheduled: 4, numberAvailable: 3 };
  const set = readProgram(object("install-cni", {}, status), "DaemonSet");
  assert.deepEqual([set?.wanted, set?.updated, set?.available], [5, 4, 3]);
});
