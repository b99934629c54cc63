/**
 * Kuma's Secrets in a real cluster, settings that loosen or tighten the rules, and requests that no API
 * server sends.
 */
import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { dataplane, furnished, named, of, refused, secret, SECRETS } from "./resources_cluster.ts";
import { MESHES } from "./test_webhook.ts";

const test = requires("etcd");

test("Kuma's Secrets are validated, and no value is told", async (t) => {
  await using it = await furnished({ args: ["--log-level", "debug"] });
  const { cluster, program } = it;
  const VALUE = "open-sesame";
  await t.step("a value must be there", async () => {
    const empty = "422 data.value: cannot be empty.";
    assert.equal(await refused(cluster, "POST", SECRETS, secret("a", "")), empty);
    const global = "system.kuma.io/global-secret";
    assert.equal(await refused(cluster, "POST", SECRETS, secret("a", "", global)), empty);
    await cluster.request("POST", SECRETS, secret("a", "", "Opaque"));
    await cluster.request("POST", SECRETS, secret("my-cert", VALUE));
    await cluster.request("POST", SECRETS, secret("unused", VALUE));
    await cluster.request("POST", SECRETS, secret("everywhere", VALUE, global));
    const elsewhere = "/api/v1/namespaces/shop/secrets";
    await cluster.request("POST", elsewhere, secret("a", ""));
  });
  await t.step("the mesh stays", async () => {
    const relabel = (name: string) =>
      cluster.fetch("PATCH", `${SECRETS}/${name}`, {
        metadata: { labels: { "kuma.io/mesh": "blue" } },
      }, { contentType: "application/merge-patch+json" });
    const moved = await relabel("my-cert");
    assert.equal(moved.status, 422);
    assert.match(await moved.text(), /mesh cannot be changed from \\"default\\"/);
    const global = await relabel("everywhere");
    assert.equal(global.status, 422);
    assert.match(await global.text(), /mesh cannot be set on global secret/);
  });
  await t.step("what mTLS uses is not deleted", async () => {
    const conf = { cert: { secret: "my-cert" }, key: { secret: "my-key" } };
    const backends = [{ name: "ca-1", type: "provided", conf }];
    await cluster.request("PATCH", `${MESHES}/default`, { spec: { mtls: { backends } } }, {
      contentType: "application/merge-patch+json",
    });
    const wanted =
      '403 secret "my-cert" cannot be deleted: mTLS backend "ca-1" of mesh "default" uses it';
    await waitUntil(
      "the backend is seen",
      async () => await refused(cluster, "DELETE", `${SECRETS}/my-cert?dryRun=All`) === wanted,
    );
    assert.equal(await refused(cluster, "DELETE", `${SECRETS}/my-cert`), wanted);
    await cluster.request("DELETE", `${SECRETS}/unused`);
    await cluster.request("PATCH", `${MESHES}/default`, { spec: { mtls: null } }, {
      contentType: "application/merge-patch+json",
    });
    await waitUntil(
      "it may go",
      async () => (await refused(cluster, "DELETE", `${SECRETS}/my-cert`)).startsWith("200 "),
    );
  });
  const { code, log } = await program.end();
  assert.equal(code, 0, log);
  const encoded = new TextEncoder().encode(VALUE).toBase64();
  assert.ok(!log.includes(VALUE) && !log.includes(encoded), "no value in the log");
});

test("a federated zone, users who may do more, unsafe deletes, and no owners", async (t) => {
  await using it = await furnished({
    config: `
multizone: {zone: {name: eu-1, globalAddress: "grpcs://global:5685"}}
store: {unsafeDelete: true}
runtime: {kubernetes: {skipMeshOwnerReference: true, allowedUsers: ["system:serviceaccount:shop:bot"]}}
`,
  });
  const { cluster } = it;
  const own = { "kuma.io/origin": "zone" };
  const policy = (name: string, labels: Record<string, string> = {}) => ({
    ...named("MeshTimeout", name),
    metadata: { name, labels },
  });
  await t.step("a policy in the system namespace must say that it is the zone's", async () => {
    const path = of("meshtimeouts", "kuma-system");
    assert.match(await refused(cluster, "POST", path, policy("a")), /^403 .*federated zone/);
    const { metadata } = await cluster.request("POST", path, policy("a", own));
    assert.equal(metadata?.labels?.["kuma.io/zone"], "eu-1");
    assert.equal(metadata?.ownerReferences, undefined, "a setting says so");
  });
  await t.step("a user on the list need not", async () => {
    const token = await cluster.createServiceAccountToken("shop", "bot");
    const rules = [{ apiGroups: ["kuma.io"], resources: ["meshtimeouts"], verbs: ["create"] }];
    await cluster.grant("bot", rules, { serviceAccount: "shop/bot" });
    const path = of("meshtimeouts", "kuma-system");
    const { metadata } = await cluster.request("POST", path, policy("b"), { token });
    assert.equal(metadata?.labels?.["kuma.io/origin"], undefined);
  });
  await t.step("a copy of the global control plane's stays as it is", async () => {
    const body = policy("copy", { "kuma.io/origin": "global" });
    const { metadata } = await cluster.request("POST", of("meshtimeouts"), body);
    assert.deepEqual(metadata?.labels, { "kuma.io/origin": "global" });
    assert.equal(metadata?.ownerReferences, undefined);
  });
  await t.step("a Mesh goes whoever is in it", async () => {
    await cluster.request("POST", of("dataplanes"), dataplane("last"));
    await cluster.request("DELETE", `${MESHES}/default`);
  });
});

test("requests that no API server sends are answered in one line", async (t) => {
  await using it = await furnished();
  const review = (more: JsonObject) =>
    JSON.stringify({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      request: {
        uid: "1",
        operation: "CREATE",
        namespace: "kuma-system",
        kind: { group: "kuma.io", version: "v1alpha1", kind: "MeshTimeout" },
        resource: { group: "kuma.io", version: "v1alpha1", resource: "meshtimeouts" },
        ...more,
      },
    });
  const secretOf = (more: JsonObject) => ({
    kind: { group: "", version: "v1", kind: "Secret" },
    resource: { group: "", version: "v1", resource: "secrets" },
    object: { type: "system.kuma.io/secret", ...more },
  });
  const big = "x".repeat(3 << 20);
  const unknown = { group: "kuma.io", version: "v1alpha1", resource: "unheardofs" };
  const allowed = /"allowed":true/;
  const unreadable = /"code":400.*cannot be read.*KUMA-WH-020/;
  const paths: Record<string, [what: string, body: string, answer: RegExp, status?: number][]> = {
    "/default-kuma-io-v1alpha1-mesh": [
      ["no object", review({ object: null }), unreadable],
      ["3 MB", review({ object: { metadata: { name: "a" }, spec: { big } } }), /"patch":/],
      ["labels of 3 MB", review({ object: { metadata: { labels: { big } } } }), /"patch":/],
    ],
    "/owner-reference-kuma-io-v1alpha1": [
      ["no object", review({ object: null }), unreadable],
      ["3 MB", review({ object: { metadata: { name: "a" }, spec: { big } } }), /"patch":/],
      ["a mesh of 3 MB", review({ object: { mesh: big } }), /"code":400.{0,500}not found/],
    ],
    "/validate-kuma-io-v1alpha1": [
      ["no object", review({ object: null }), unreadable],
      ["3 MB", review({ object: { metadata: { name: "a" }, spec: { big } } }), allowed],
      ["a mesh of 3 MB", review({ object: { mesh: big } }), /"code":422.{0,700}$/],
      ["a deletion of nothing", review({ operation: "DELETE", oldObject: null }), allowed],
    ],
    "/validate-v1-secret": [
      ["no object", review({ ...secretOf({}), object: null }), allowed],
      ["3 MB", review(secretOf({ data: { value: big } })), allowed],
      ["data of another kind", review(secretOf({ data: big })), /"code":422/],
    ],
  };
  for (const [path, cases] of Object.entries(paths)) {
    cases.push(
      ["no JSON", "{", /not JSON/, 400],
      ["no review", "{}", /no AdmissionReview/, 400],
      ["another kind", review({ resource: unknown, object: {} }), allowed],
      ["kind and resource of a wrong type", review({ kind: 1, resource: [], object: {} }), allowed],
    );
    for (const [what, body, wanted, status = 200] of cases) {
      await t.step(`${path}: ${what}`, async () => {
        const headers = { "content-type": "application/json" };
        const answer = await it.program.get(path, { method: "POST", body, headers });
        assert.equal(answer.status, status, answer.text.slice(0, 300));
        assert.match(answer.text, wanted);
        assert.doesNotMatch(answer.text, /"code":500|\.ts:|\.js:|\n.+\n/);
      });
    }
  }
});
