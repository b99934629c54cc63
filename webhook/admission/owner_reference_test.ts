import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { Settings } from "core/inject/settings/table.ts";
import { referToMesh } from "./owner_reference.ts";
import type { AdmissionRequest } from "./review.ts";
import { meshesOf, requestOf, says, settingsOf, UNKNOWN } from "./testing.ts";

const meshes = meshesOf({ default: {}, blue: {} });
const policy: Partial<AdmissionRequest> = { kind: "MeshTimeout", resource: "meshtimeouts" };
const old: Partial<AdmissionRequest> = { kind: "Timeout", resource: "timeouts", namespace: "" };

const refer = (object: JsonObject, over = policy, settings: Partial<Settings> = {}) =>
  referToMesh(requestOf({ object, ...over }), settingsOf(settings), meshes);

const owner = (name: string, uid = `uid-${name}`) => ({
  apiVersion: "kuma.io/v1alpha1",
  kind: "Mesh",
  name,
  uid,
});

const ALLOWED = { allowed: true };
const path = "/metadata/ownerReferences";

Deno.test("a resource of a mesh gets it as owner", async () => {
  const labelled = { metadata: { labels: { "kuma.io/mesh": "blue" } } };
  const added = (name: string) => ({
    allowed: true,
    patch: [{ op: "add", path, value: [owner(name)] }],
  });
  assert.deepEqual(await refer(labelled), added("blue"));
  assert.deepEqual(await refer({ metadata: {} }), added("default"));
  assert.deepEqual(await refer({ mesh: "blue", metadata: {} }, old), added("blue"));
});

Deno.test("other owners stay, and the Mesh is never there twice", async () => {
  const pod = { apiVersion: "v1", kind: "Pod", name: "default", uid: "p" };
  const verdict = await refer({ metadata: { ownerReferences: [pod] } });
  assert.deepEqual(verdict, {
    allowed: true,
    patch: [{ op: "add", path: `${path}/1`, value: owner("default") }],
  });
  const there = { metadata: { ownerReferences: [pod, owner("default")] } };
  assert.deepEqual(await refer(there), { allowed: true, patch: [] });
  const stale = { ...owner("default", "of-a-backup"), blockOwnerDeletion: true };
  const renewed = await refer({ metadata: { ownerReferences: [stale] } });
  assert.deepEqual(renewed, {
    allowed: true,
    patch: [{ op: "replace", path: `${path}/0/uid`, value: "uid-default" }],
  });
});

Deno.test("skipped: MeshServices, copies, other kinds, updates, and where the setting says so", async () => {
  const object = { metadata: {} };
  assert.deepEqual(await refer(object, { resource: "meshservices" }), ALLOWED);
  assert.deepEqual(await refer(object, { resource: "hostnamegenerators" }), ALLOWED);
  assert.deepEqual(await refer(object, { resource: "unheardofs" }), ALLOWED);
  assert.deepEqual(await refer(object, { ...policy, operation: "UPDATE" }), ALLOWED);
  assert.deepEqual(await refer(object, policy, { skipMeshOwnerReference: true }), ALLOWED);
  const of = (origin: string) => ({ metadata: { labels: { "kuma.io/origin": origin } } });
  assert.deepEqual(await refer(of("global")), ALLOWED);
  assert.deepEqual(await refer(of("zone"), policy, { mode: "global" }), ALLOWED);
  assert.notDeepEqual(await refer(of("zone")), ALLOWED);
});

Deno.test("no mesh is a wrong field, a missing one a bad request", async () => {
  assert.deepEqual(await refer({ metadata: {} }, old), {
    allowed: false,
    status: {
      status: "Failure",
      code: 422,
      reason: "Invalid",
      message: "mesh: cannot be empty",
      details: {
        name: "orders",
        kind: "Timeout",
        causes: [{ reason: "FieldValueInvalid", message: "cannot be empty", field: "mesh" }],
      },
    },
  });
  const empty = await refer({ metadata: { labels: { "kuma.io/mesh": "" } } });
  assert.equal(says(empty), '422: metadata.labels["kuma.io/mesh"]: cannot be empty');
  const missing = await refer({ mesh: "nope", metadata: {} }, old);
  assert.equal(says(missing), '400: Mesh.kuma.io "nope" not found (KUMA-WH-004)');
  const own = await refer({ mesh: "constructor", metadata: {} }, old);
  assert.match(says(own), /^400: /);
});

Deno.test("nothing is decided before the meshes were seen; what is no object is refused", async () => {
  const request = requestOf({ ...policy, object: { metadata: {} } });
  assert.match(says(await referToMesh(request, settingsOf(), UNKNOWN)), /^503: .*meshes$/);
  for (const object of [null, [], { metadata: "x" }]) {
    await assert.rejects(
      referToMesh({ ...request, object }, settingsOf(), meshes),
      (thrown: unknown) => thrown instanceof KumaError && thrown.code === "KUMA-WH-020",
    );
  }
});
