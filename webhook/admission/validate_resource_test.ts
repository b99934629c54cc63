import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import type { JsonObject } from "core/patch/json.ts";
import { shippedContainerSchema } from "core/patch/schema.ts";
import type { Meshes } from "../resources/mesh.ts";
import type { Settings } from "core/inject/settings/table.ts";
import type { AdmissionRequest } from "./review.ts";
import { FEDERATED, meshesOf, requestOf, says, settingsOf, UNKNOWN } from "./testing.ts";
import { validateResource } from "./validate_resource.ts";

const MESHES = meshesOf({
  default: {},
  strict: {
    constraints: {
      dataplaneProxy: {
        requirements: [{ tags: { team: "*", "kuma.io/zone": "eu-1" } }],
        restrictions: [{ tags: { "kuma.io/service": "evil" } }],
      },
    },
  },
}, ["default", "strict", "default"]);

async function validate(
  over: Partial<AdmissionRequest>,
  settings: Partial<Settings> = {},
  meshes: Meshes = MESHES,
): Promise<string> {
  const schema = shippedContainerSchema();
  const context = { settings: settingsOf(settings), schema, meshes };
  return says(await validateResource(requestOf(over), context));
}

const patches = (over: Partial<AdmissionRequest>) =>
  validate({
    kind: "ContainerPatch",
    resource: "containerpatches",
    namespace: "kuma-system",
    ...over,
  });

const broken: JsonObject = { spec: { sidecarPatch: [{ op: "add", path: "/image", value: "x" }] } };

Deno.test("a ContainerPatch elsewhere than in the system namespace is refused", async () => {
  assert.equal(
    await patches({ namespace: "app" }),
    "403: ContainerPatch can only be placed in kuma-system namespace. It can be however " +
      "referenced by pods in all namespaces",
  );
  assert.equal(await patches({ namespace: "app", operation: "DELETE" }), "allowed");
});

Deno.test("a ContainerPatch that can never work is refused field by field", async () => {
  assert.match(
    await patches({ object: broken }),
    /^422: spec\.sidecarPatch\[0\]\.value: "x" is not JSON/,
  );
  assert.equal(await patches({ object: broken, operation: "DELETE" }), "allowed");
});

Deno.test("what Kubernetes would not read of a ContainerPatch is a warning, as Kuma takes it", async () => {
  const operation = { op: "add", path: "/securityContext/priviliged", value: "true" };
  const request = requestOf({
    kind: "ContainerPatch",
    resource: "containerpatches",
    namespace: "kuma-system",
    object: { spec: { sidecarPatch: [operation] } },
  });
  const context = { settings: settingsOf({}), schema: shippedContainerSchema(), meshes: MESHES };
  assert.deepEqual(await validateResource(request, context), {
    allowed: true,
    warnings: ["spec.sidecarPatch[0]: /securityContext/priviliged is no field of a container"],
  });
});

const policy = (object: JsonObject, over: Partial<AdmissionRequest> = {}) => ({
  kind: "MeshTimeout",
  resource: "meshtimeouts",
  object,
  ...over,
});
const labelled = (labels: JsonObject): JsonObject => ({ metadata: { labels } });

Deno.test("the mesh of a resource is a name that a mesh can have", async () => {
  const mesh = (name: string) => validate(policy(labelled({ "kuma.io/mesh": name })));
  for (const name of ["default", "a", "team-1.blue", "x".repeat(63)]) {
    assert.equal(await mesh(name), "allowed");
  }
  const field = 'metadata.labels["kuma.io/mesh"]';
  assert.equal(await mesh(""), `422: ${field}: cannot be empty`);
  for (const name of ["Blue", "a_b", "-a", "a-", "a b", "x".repeat(64)]) {
    assert.match(
      await mesh(name),
      /^422: metadata\.labels\["kuma\.io\/mesh"\]: ".*not a mesh's name/,
    );
  }
  assert.equal(await validate(policy({ metadata: {} })), "allowed", "the label may be absent");
  const old = { kind: "TrafficLog", resource: "trafficlogs", namespace: "" };
  assert.equal(await validate({ ...old, object: {} }), "422: mesh: cannot be empty");
  assert.equal(
    await validate({ ...old, object: { mesh: "blue" } }),
    "allowed",
    "it may come later",
  );
  const zone = { kind: "ZoneIngress", resource: "zoneingresses", object: {} };
  assert.equal(await validate(zone), "allowed", "a kind of no mesh");
});

Deno.test("an origin is one of two words", async () => {
  for (const origin of ["zone", "global"]) {
    assert.equal(await validate(policy(labelled({ "kuma.io/origin": origin }))), "allowed");
  }
  const wrong = '422: metadata.labels["kuma.io/origin"]: must be one of global, zone';
  assert.equal(await validate(policy(labelled({ "kuma.io/origin": "moon" }))), wrong);
  const mesh = { kind: "Mesh", resource: "meshes", namespace: "" };
  assert.equal(await validate({ ...mesh, object: labelled({ "kuma.io/origin": "" }) }), wrong);
});

Deno.test("a global control plane's resources are in the system namespace", async () => {
  const global = { mode: "global" } as const;
  const place = (namespace: string, over: Partial<AdmissionRequest> = {}) =>
    validate(policy({}, { namespace, ...over }), global);
  assert.equal(await place("kuma-system"), "allowed");
  assert.equal(await place(""), "allowed");
  const refused =
    "403: MeshTimeout can only be placed in kuma-system namespace on a global control plane";
  assert.equal(await place("shop"), refused);
  assert.equal(await place("shop", { operation: "UPDATE" }), refused);
  assert.equal(await place("shop", { operation: "DELETE" }), "allowed");
  assert.equal(await validate(policy({})), "allowed", "a zone has no such rule");
});

Deno.test("a federated zone's own policies in the system namespace say so", async () => {
  const at = (labels: JsonObject, namespace = "kuma-system", over: JsonObject = {}) =>
    validate(policy(labelled(labels), { namespace, ...over }), FEDERATED);
  const refused = "403: MeshTimeout in kuma-system namespace of a federated zone must have the " +
    "label kuma.io/origin: zone, or be created on the global control plane";
  assert.equal(await at({}), refused);
  assert.equal(await at({ "kuma.io/origin": "global" }), refused);
  assert.equal(await at({ "kuma.io/origin": "zone" }), "allowed");
  assert.equal(await at({}, "shop"), "allowed");
  const ingress = { kind: "ZoneIngress", resource: "zoneingresses" };
  assert.equal(await at({}, "kuma-system", ingress), "allowed", "no plugin's kind");
  assert.equal(
    await validate(policy({}, { namespace: "kuma-system" })),
    "allowed",
    "not federated",
  );
});

Deno.test("the control plane, allowed users and the garbage collector may do what others may not", async () => {
  const denied = policy(labelled({ "kuma.io/origin": "moon" }));
  for (
    const user of [
      "robot",
      "system:serviceaccount:kuma-system:kuma-control-plane",
      "system:serviceaccount:kube-system:generic-garbage-collector",
    ]
  ) {
    assert.equal(await validate({ ...denied, user }, { allowedUsers: ["robot"] }), "allowed");
  }
  assert.match(await validate({ ...denied, user: "robo" }, { allowedUsers: ["robot"] }), /^422: /);
  const deletion = { kind: "Mesh", resource: "meshes", operation: "DELETE", name: "default" };
  assert.equal(await validate({ ...deletion, user: "a" }, { allowedUsers: ["a"] }), "allowed");
});

Deno.test("a Mesh with Dataplanes in it is not deleted", async () => {
  const remove = (name: string, settings: Partial<Settings> = {}, meshes = MESHES) =>
    validate(
      { kind: "Mesh", resource: "meshes", namespace: "", operation: "DELETE", name },
      settings,
      meshes,
    );
  const says = (name: string, count: string) =>
    `403: mesh "${name}" cannot be deleted: ${count} in it`;
  assert.equal(await remove("default"), says("default", "2 Dataplanes are"));
  assert.equal(await remove("strict"), says("strict", "1 Dataplane is"));
  assert.equal(await remove("empty"), "allowed");
  assert.equal(await remove("default", { unsafeDelete: true }), "allowed");
  assert.match(await remove("default", {}, UNKNOWN), /^503: .*dataplanes$/);
  const zone = { kind: "Zone", resource: "zones", namespace: "", operation: "DELETE", name: "z" };
  assert.equal(await validate(zone), "allowed");
});

Deno.test("a MeshGatewayInstance has no service tag and is no global control plane's", async () => {
  const instance = (tags: JsonObject, operation = "CREATE", settings: Partial<Settings> = {}) =>
    validate({
      kind: "MeshGatewayInstance",
      resource: "meshgatewayinstances",
      object: { spec: { tags } },
      operation,
    }, settings);
  const tag = { "kuma.io/service": "edge" };
  const refused = '422: spec.tags["kuma.io/service"]: is not allowed here';
  assert.equal(await instance({ team: "a" }), "allowed");
  assert.equal(await instance(tag), refused);
  assert.equal(await instance(tag, "UPDATE"), refused);
  assert.equal(await instance(tag, "DELETE"), "allowed");
  const global = { mode: "global" } as const;
  assert.match(await instance({}, "CREATE", global), /^403: .*global control plane$/);
  assert.equal(await instance({}, "UPDATE", global), "allowed");
});

const dataplane = (mesh: string, tags: JsonObject, more: JsonObject = {}): JsonObject => ({
  mesh,
  metadata: {},
  spec: {
    networking: {
      address: "10.0.0.1",
      inbound: [{ port: 80, tags: { "kuma.io/service": "a", ...tags } }],
    },
  },
  ...more,
});

Deno.test("a Dataplane joins a mesh that is there and lets it in", async () => {
  const join = (object: JsonObject, over: Partial<AdmissionRequest> = {}, meshes = MESHES) =>
    validate({ object, ...over }, {}, meshes);
  assert.equal(await join(dataplane("default", {})), "allowed");
  const missing = '422: mesh: Mesh.kuma.io "nope" not found';
  assert.equal(await join(dataplane("nope", {})), missing);
  assert.equal(await join(dataplane("nope", {}), { operation: "UPDATE" }), missing);
  assert.equal(await join(dataplane("nope", {}), { operation: "DELETE" }), "allowed");
  const fits = { team: "b", "kuma.io/zone": "eu-1" };
  assert.equal(await join(dataplane("strict", fits)), "allowed");
  const refused = (tags: string, why: string) =>
    `403: dataplane cannot be a member of mesh "strict" because its tags ${tags} ${why}`;
  assert.equal(
    await join(dataplane("strict", { team: "b" })),
    refused('{"kuma.io/service":"a","team":"b"}', "fulfil no requirement of it"),
  );
  assert.equal(
    await join(dataplane("strict", { ...fits, "kuma.io/service": "evil" })),
    refused(
      '{"kuma.io/service":"evil","team":"b","kuma.io/zone":"eu-1"}',
      "are restricted there",
    ),
  );
  assert.match(await join(dataplane("default", {}), {}, UNKNOWN), /^503: .*meshes$/);
});

Deno.test("a wrong spec is refused whoever writes it, but for copies and what is being deleted", async () => {
  const wrong = { mesh: "default", metadata: {}, spec: { networking: { address: "" } } };
  const line = "422: spec.networking.address: cannot be empty; " +
    "spec.networking: must have inbounds or a gateway";
  const user = "system:serviceaccount:kuma-system:kuma-control-plane";
  assert.equal(await validate({ object: wrong }), line);
  assert.equal(await validate({ object: wrong, user }), line);
  const copy = { ...wrong, metadata: { labels: { "kuma.io/origin": "zone" } } };
  assert.equal(await validate({ object: copy, user }, { mode: "global" }), "allowed");
  const leaving = { ...wrong, metadata: { deletionTimestamp: "2024-01-01T00:00:00Z" } };
  assert.equal(await validate({ object: leaving, operation: "UPDATE" }), "allowed");
  assert.equal(await validate({ object: leaving }), line);
  const patch = { kind: "ContainerPatch", resource: "containerpatches", namespace: "elsewhere" };
  assert.match(await validate({ ...patch, object: leaving }), /can only be placed in/);
  assert.equal(await validate({ ...patch, object: leaving, operation: "UPDATE" }), "allowed");
});

Deno.test("kinds that are not known pass; what is no object is refused in one line", async () => {
  assert.equal(await validate({ group: "apps", object: null }), "allowed");
  assert.equal(await validate({ resource: "unheardofs", object: null }), "allowed");
  for (const object of [null, "x", { metadata: [] }]) {
    await assert.rejects(
      validate({ object }),
      (thrown: unknown) => thrown instanceof KumaError && thrown.code === "KUMA-WH-020",
    );
  }
});
