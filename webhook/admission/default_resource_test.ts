import assert from "node:assert/strict";
import fastJsonPatch from "fast-json-patch";
import { KumaError } from "core/errors.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { Settings } from "core/inject/settings/table.ts";
import { defaultResource } from "./default_resource.ts";
import type { AdmissionRequest } from "./review.ts";
import { FEDERATED, requestOf, settingsOf } from "./testing.ts";

/** The metadata as the API server would store it. */
function stored(
  object: JsonObject,
  over: Partial<AdmissionRequest> = {},
  settings: Partial<Settings> = {},
): JsonObject {
  const request = requestOf({ object, ...over });
  const inForce = settingsOf({ zoneName: "eu-1", ...settings });
  const verdict = defaultResource(request, inForce);
  assert.ok(verdict.allowed);
  const document = structuredClone(object);
  const patch = [...verdict.patch ?? []] as Parameters<typeof fastJsonPatch.applyPatch>[1];
  const after = fastJsonPatch.applyPatch(document, patch, true).newDocument;
  const again = defaultResource({ ...request, object: after }, inForce);
  assert.ok(again.allowed);
  assert.deepEqual(again.patch ?? [], [], "a second pass changes nothing");
  return after.metadata as JsonObject;
}

const policy: Partial<AdmissionRequest> = {
  kind: "MeshTimeout",
  resource: "meshtimeouts",
  namespace: "kuma-system",
};

Deno.test("a Dataplane gets the labels and the name that the control plane's own have", () => {
  assert.deepEqual(stored({ mesh: "retail", metadata: { name: "orders-x2x9q" } }), {
    name: "orders-x2x9q",
    labels: {
      "kuma.io/mesh": "retail",
      "k8s.kuma.io/namespace": "shop",
      "kuma.io/origin": "zone",
      "kuma.io/zone": "eu-1",
      "kuma.io/env": "kubernetes",
    },
    annotations: { "kuma.io/display-name": "orders-x2x9q" },
  });
});

Deno.test("what is there stays, right or wrong, on creation and update", () => {
  const metadata = {
    name: "orders",
    labels: { "kuma.io/mesh": "old", "kuma.io/zone": "", team: "a" },
    annotations: { "kuma.io/display-name": "mine", note: "b" },
  };
  for (const operation of ["CREATE", "UPDATE"]) {
    assert.deepEqual(stored({ mesh: "retail", metadata }, { operation }), {
      name: "orders",
      labels: {
        ...metadata.labels,
        "k8s.kuma.io/namespace": "shop",
        "kuma.io/origin": "zone",
        "kuma.io/env": "kubernetes",
      },
      annotations: metadata.annotations,
    });
  }
});

Deno.test("the mesh: of the field, of the label, or default where the label may be absent", () => {
  const mesh = (object: JsonObject, over: Partial<AdmissionRequest> = {}) =>
    (stored({ metadata: {}, ...object }, over).labels as JsonObject)["kuma.io/mesh"];
  assert.equal(mesh({ mesh: "retail" }), "retail");
  assert.equal(mesh({}), undefined, "a Dataplane must say its mesh");
  assert.equal(mesh({ mesh: "Not A Name" }), undefined, "that is for the validator");
  assert.equal(mesh({ mesh: "x".repeat(64) }), undefined);
  assert.equal(mesh({}, policy), "default");
  assert.equal(mesh({ metadata: { labels: { "kuma.io/mesh": "blue" } } }, policy), "blue");
  const ingress = { resource: "zoneingresses", kind: "ZoneIngress" };
  assert.equal(mesh({ mesh: "retail" }, ingress), undefined, "a kind of no mesh");
});

Deno.test("what has no namespace gets its mesh and nothing else", () => {
  const gateway = { resource: "meshgateways", kind: "MeshGateway", namespace: "" };
  assert.deepEqual(stored({ mesh: "blue", metadata: { name: "edge" } }, gateway), {
    name: "edge",
    labels: { "kuma.io/mesh": "blue" },
  });
  const mesh = { resource: "meshes", kind: "Mesh", namespace: "" };
  assert.deepEqual(stored({ metadata: { name: "blue" } }, mesh), { name: "blue" });
});

Deno.test("copies of another control plane's resources stay as they are", () => {
  const of = (origin: string) => ({ metadata: { labels: { "kuma.io/origin": origin } } });
  assert.deepEqual(stored(of("global"), policy), of("global").metadata);
  assert.deepEqual(stored(of("zone"), policy, { mode: "global" }), of("zone").metadata);
});

Deno.test("whose a policy is in a federated zone's system namespace, its author has to say", () => {
  const labels = (object: JsonObject, namespace: string, over = policy) =>
    stored({ metadata: {}, ...object }, { ...over, namespace }, FEDERATED).labels;
  const place = { "kuma.io/mesh": "default", "k8s.kuma.io/namespace": "kuma-system" };
  assert.deepEqual(labels({}, "kuma-system"), place);
  const zone = { "kuma.io/origin": "zone", "kuma.io/zone": "eu-1", "kuma.io/env": "kubernetes" };
  const said = { metadata: { labels: { "kuma.io/origin": "zone" } } };
  assert.deepEqual(labels(said, "kuma-system"), { ...place, ...zone });
  assert.deepEqual(labels({}, "shop"), { ...place, "k8s.kuma.io/namespace": "shop", ...zone });
  const dataplane = labels({ mesh: "default" }, "kuma-system", { resource: "dataplanes" });
  assert.deepEqual(dataplane, { ...place, ...zone });
});

Deno.test("a global control plane says nothing of zones, and no zone's name is no label", () => {
  assert.deepEqual(stored({ metadata: {} }, policy, { mode: "global" }).labels, {
    "kuma.io/mesh": "default",
    "k8s.kuma.io/namespace": "kuma-system",
  });
  const { labels } = stored({ metadata: {} }, policy, { zoneName: "" });
  assert.equal(Object.hasOwn(labels as JsonObject, "kuma.io/zone"), false);
});

Deno.test("an object without a name yet gets none for people; null maps are filled", () => {
  const metadata = { generateName: "orders-", labels: null, annotations: null };
  const { annotations, labels } = stored({ mesh: "a", metadata }, { name: "" });
  assert.equal(annotations, null);
  assert.equal((labels as JsonObject)["kuma.io/mesh"], "a");
});

Deno.test("other kinds and deletions pass; what is no object is refused in one line", () => {
  for (const over of [{ group: "apps" }, { resource: "unheardofs" }, { operation: "DELETE" }]) {
    const verdict = defaultResource(requestOf({ object: null, ...over }), settingsOf());
    assert.deepEqual(verdict, { allowed: true });
  }
  for (const object of [null, undefined, [], "x", { metadata: 1 }, { metadata: { labels: [] } }]) {
    assert.throws(
      () => defaultResource(requestOf({ object }), settingsOf()),
      (thrown: unknown) => thrown instanceof KumaError && thrown.code === "KUMA-WH-020",
    );
  }
});
