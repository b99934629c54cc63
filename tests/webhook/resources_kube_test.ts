/**
 * Kuma's own resources, as a user creates them in a real cluster in front of the compiled program: what
 * is stored, and what is refused.
 */
import assert from "node:assert/strict";
import type { KubeObject } from "../kube/apiserver.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { dataplane, furnished, KUMA, named, of, refused } from "./resources_cluster.ts";
import { MESHES } from "./test_webhook.ts";

const test = requires("etcd");

test("Kuma's resources are stored with their labels and their owner", async (t) => {
  await using it = await furnished({ environment: { KUMA_MULTIZONE_ZONE_NAME: "eu-1" } });
  const { cluster } = it;
  const mesh = (await cluster.request("POST", MESHES, named("Mesh", "blue"))).metadata;
  const owner = { apiVersion: "kuma.io/v1alpha1", kind: "Mesh", name: "blue", uid: mesh?.uid };
  const labels = (mesh: string) => ({
    "kuma.io/mesh": mesh,
    "k8s.kuma.io/namespace": "shop",
    "kuma.io/origin": "zone",
    "kuma.io/zone": "eu-1",
    "kuma.io/env": "kubernetes",
  });

  await t.step("a Dataplane has labels, and no mesh as owner", async () => {
    const path = of("dataplanes");
    const { metadata } = await cluster.request("POST", path, dataplane("orders"));
    assert.deepEqual(metadata?.labels, labels("default"));
    assert.deepEqual(metadata?.annotations, { "kuma.io/display-name": "orders" });
    assert.equal(metadata?.ownerReferences, undefined);
  });

  await t.step("a policy has both, at once after its Mesh was created", async () => {
    const { metadata } = await cluster.request("POST", of("meshtimeouts"), {
      ...named("MeshTimeout", "slow"),
      metadata: { name: "slow", labels: { "kuma.io/mesh": "blue", team: "a" } },
    });
    assert.deepEqual(metadata?.labels, { ...labels("blue"), team: "a" });
    assert.deepEqual(metadata?.ownerReferences, [owner]);
  });

  await t.step("a policy of old, which has no namespace", async () => {
    const path = `${KUMA}/trafficpermissions`;
    const body = named("TrafficPermission", "all", { mesh: "blue" });
    const { metadata } = await cluster.request("POST", path, body);
    assert.equal(metadata?.labels, undefined, "the defaulter is not called for it");
    assert.deepEqual(metadata?.ownerReferences, [owner]);
  });

  await t.step("a MeshService has labels and is not the Mesh's", async () => {
    const { metadata } = await cluster.request("POST", of("meshservices"), {
      ...named("MeshService", "web"),
      metadata: { name: "web", labels: { "kuma.io/mesh": "blue" } },
    });
    assert.deepEqual(metadata?.labels, labels("blue"));
    assert.equal(metadata?.ownerReferences, undefined);
  });

  await t.step("an update gets back what it leaves out; the owner is not doubled", async () => {
    const path = `${of("meshtimeouts")}/slow`;
    const stored = await cluster.request("GET", path);
    const { metadata } = await cluster.request("PUT", path, {
      ...stored,
      metadata: { ...stored.metadata, labels: { "kuma.io/mesh": "blue" }, annotations: {} },
    });
    assert.deepEqual(metadata?.labels, labels("blue"));
    assert.deepEqual(metadata?.annotations, { "kuma.io/display-name": "slow" });
    assert.deepEqual(metadata?.ownerReferences, [owner]);
    // As a backup brings it back: with its labels and owner, of which the uid may be of another life.
    const { name, labels: kept, annotations } = metadata ?? {};
    await cluster.request("DELETE", path);
    const back = await cluster.request("POST", of("meshtimeouts"), {
      ...named("MeshTimeout", "slow"),
      metadata: { name, labels: kept, annotations, ownerReferences: [{ ...owner, uid: "gone" }] },
    });
    assert.deepEqual(back.metadata?.ownerReferences, [owner]);
  });

  await t.step(
    "a name that is only generated later is none for people until an update",
    async () => {
      const body = dataplane("x");
      const { metadata } = await cluster.request("POST", of("dataplanes"), {
        ...body,
        metadata: { generateName: "gen-" },
      });
      const annotation = metadata?.annotations?.["kuma.io/display-name"];
      assert.ok(annotation === undefined || annotation === metadata?.name, annotation);
      const path = `${of("dataplanes")}/${metadata?.name}`;
      const touched = await cluster.request("PATCH", path, { metadata: { labels: { a: "b" } } }, {
        contentType: "application/merge-patch+json",
      });
      assert.equal(touched.metadata?.annotations?.["kuma.io/display-name"], metadata?.name);
    },
  );
});

test("Kuma's resources that are wrong are refused, and say why", async (t) => {
  await using it = await furnished();
  const { cluster } = it;
  const says = async (step: string, wanted: string, ...request: [string, string, KubeObject?]) => {
    await t.step(step, async () => assert.equal(await refused(cluster, ...request), wanted));
  };
  await says(
    "a policy without a mesh",
    "422 mesh: cannot be empty",
    "POST",
    `${KUMA}/trafficpermissions`,
    named("TrafficPermission", "a"),
  );
  await says(
    "a policy of a mesh that is not there",
    '400 Mesh.kuma.io "nope" not found (KUMA-WH-004)',
    "POST",
    `${KUMA}/trafficpermissions`,
    named("TrafficPermission", "a", { mesh: "nope" }),
  );
  await says(
    "a mesh that can have no such name",
    '422 mesh: "Not_A_Mesh" is not a mesh\'s name: up to 63 lower-case letters, digits, - and .',
    "POST",
    of("dataplanes"),
    dataplane("a", { mesh: "Not_A_Mesh" }),
  );
  await says(
    "a Dataplane with neither side",
    "422 spec.networking: must have inbounds or a gateway",
    "POST",
    of("dataplanes"),
    dataplane("a", { spec: { networking: { address: "10.0.0.1" } } }),
  );
  await says(
    "an origin that is none",
    '422 metadata.labels["kuma.io/origin"]: must be one of global, zone',
    "POST",
    of("meshtimeouts"),
    { ...named("MeshTimeout", "a"), metadata: { name: "a", labels: { "kuma.io/origin": "x" } } },
  );
  await says(
    "a gateway instance with a service tag",
    '422 spec.tags["kuma.io/service"]: is not allowed here',
    "POST",
    of("meshgatewayinstances"),
    named("MeshGatewayInstance", "a", { spec: { tags: { "kuma.io/service": "edge" } } }),
  );

  await t.step("a Dataplane that the mesh does not let in", async () => {
    const dataplaneProxy = { requirements: [{ tags: { team: "a" } }] };
    await cluster.request(
      "POST",
      MESHES,
      named("Mesh", "strict", { spec: { constraints: { dataplaneProxy } } }),
    );
    const path = of("dataplanes");
    const line = await refused(cluster, "POST", path, dataplane("a", { mesh: "strict" }));
    assert.equal(
      line,
      '403 dataplane cannot be a member of mesh "strict" because its tags ' +
        '{"kuma.io/service":"a_shop_svc_80"} fulfil no requirement of it',
    );
  });

  await t.step("a Mesh is deleted once nobody is in it", async () => {
    await cluster.request("POST", of("dataplanes"), dataplane("last"));
    const mesh = `${MESHES}/default`;
    const wanted = '403 mesh "default" cannot be deleted: 1 Dataplane is in it';
    await waitUntil(
      "the Dataplane is seen",
      async () => await refused(cluster, "DELETE", `${mesh}?dryRun=All`) === wanted,
    );
    assert.equal(await refused(cluster, "DELETE", mesh), wanted);
    await cluster.request("DELETE", `${of("dataplanes")}/last`);
    await waitUntil(
      "it may go",
      async () => (await refused(cluster, "DELETE", mesh)).startsWith("200 "),
    );
    await assert.rejects(cluster.request("GET", mesh), /404/);
  });
});
