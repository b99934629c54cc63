import assert from "node:assert/strict";
import { jsonCopy, type JsonObject } from "core/patch/json.ts";
import {
  controllerOf,
  dataplaneObject,
  dataplanePatch,
  differences,
  readDataplane,
} from "./object.ts";
import type { Dataplane } from "./decision.ts";

const wanted: Dataplane = {
  namespace: "shop",
  name: "orders-1",
  podUid: "u1",
  mesh: "default",
  labels: { "kuma.io/mesh": "default", "kuma.io/zone": "eu" },
  annotations: { "kuma.io/display-name": "orders-1" },
  spec: { networking: { address: "10.0.0.1", inbound: [{ port: 80, health: { ready: true } }] } },
};

/** What is patched where the object was changed so. */
function patchAfter(change: (object: JsonObject & { metadata: JsonObject }) => void): JsonObject[] {
  const object = jsonCopy(dataplaneObject(wanted)) as JsonObject & { metadata: JsonObject };
  change(object);
  return dataplanePatch(readDataplane(object), wanted);
}

const reference = {
  apiVersion: "v1",
  kind: "Pod",
  name: "orders-1",
  uid: "u1",
  controller: true,
  blockOwnerDeletion: true,
};

Deno.test("what others add to a Dataplane's metadata causes no write", () => {
  assert.deepEqual(
    patchAfter(({ metadata }) => {
      metadata.labels = { ...metadata.labels as JsonObject, team: "a", "kuma.io/other": "b" };
      metadata.annotations = { ...metadata.annotations as JsonObject, note: "c" };
      metadata.finalizers = ["someone/else"];
      metadata.ownerReferences = [{ kind: "Other", name: "x", uid: "y" }, reference];
    }),
    [],
  );
});

Deno.test("a changed spec or mesh is replaced whole", () => {
  const both = [
    { op: "add", path: "/mesh", value: "default" },
    { op: "add", path: "/spec", value: wanted.spec },
  ];
  assert.deepEqual(patchAfter((object) => object.mesh = "other"), both);
  assert.deepEqual(patchAfter((object) => object.spec = null), both);
  assert.deepEqual(patchAfter((object) => (object.spec as JsonObject).probes = { port: 1 }), both);
});

Deno.test("labels and annotations of ours are put right, one by one where there are others", () => {
  assert.deepEqual(
    patchAfter(({ metadata }) => metadata.labels = { "kuma.io/mesh": "x", team: "a" }),
    [
      { op: "add", path: "/metadata/labels/kuma.io~1mesh", value: "default" },
      { op: "add", path: "/metadata/labels/kuma.io~1zone", value: "eu" },
    ],
  );
  assert.deepEqual(
    patchAfter(({ metadata }) => delete metadata.annotations),
    [{ op: "add", path: "/metadata/annotations", value: wanted.annotations }],
  );
});

Deno.test("the second life of a pod takes over, other owners stay", () => {
  const other = { kind: "Other", name: "x", uid: "y" };
  const path = "/metadata/ownerReferences";
  assert.deepEqual(
    patchAfter(({ metadata }) => metadata.ownerReferences = [{ ...reference, uid: "old" }, other]),
    [{ op: "add", path, value: [other, reference] }],
  );
  assert.deepEqual(
    patchAfter(({ metadata }) => delete metadata.ownerReferences),
    [{ op: "add", path, value: [reference] }],
  );
});

Deno.test("who controls a Dataplane is told", () => {
  const facts = (ownerReferences: JsonObject[]) => readDataplane({ metadata: { ownerReferences } });
  assert.equal(controllerOf(facts([])), undefined);
  assert.equal(controllerOf(facts([{ kind: "Pod", name: "a", uid: "b" }])), undefined);
  assert.deepEqual(controllerOf(facts([reference])), { kind: "Pod", name: "orders-1", uid: "u1" });
});

Deno.test("differences are told by where they are, and not more than were asked for", () => {
  const object = jsonCopy(dataplaneObject(wanted));
  const networking = (object.spec as JsonObject).networking as JsonObject;
  networking.address = "10.0.0.2";
  (networking.inbound as JsonObject[])[0]!.port = 81;
  object.mesh = "other";
  (object.metadata as JsonObject).labels = {};
  const there = readDataplane(object);
  assert.deepEqual(differences(there, wanted, 9), [
    "/mesh",
    "/spec/networking/address",
    "/spec/networking/inbound",
    "/metadata/labels/kuma.io~1mesh",
    "/metadata/labels/kuma.io~1zone",
  ]);
  assert.equal(differences(there, wanted, 2).length, 2);
  assert.deepEqual(differences(readDataplane(dataplaneObject(wanted)), wanted, 9), []);
});
