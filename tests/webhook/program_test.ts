/**
 * The compiled program in front of a real API server: set-up, permissions, faults.
 */
import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { clusterRules, namespaceRules } from "../../webhook/manifests.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { adminKubeconfig } from "../kube/kubeconfig.ts";
import { createPki } from "../kube/pki.ts";
import { metricsSteps } from "../support/metrics.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { Program } from "./program.ts";
import { pairs, without } from "./rules.ts";
import { furnishKuma, MESHES, openDefinition, PATCHES } from "./test_webhook.ts";

const test = requires("etcd");

async function create(cluster: TestCluster, namespace: string, name: string, labels = {}) {
  const answer = await cluster.fetch("POST", `/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name, labels },
    spec: { containers: [{ name: "app", image: "app:1" }] },
  });
  return { status: answer.status, body: await answer.json() as JsonObject };
}

const names = (pod: JsonObject): string[] =>
  ((pod.spec as JsonObject).containers as JsonObject[]).map((one) => String(one.name));

const review = (object: unknown, more: JsonObject = {}): string =>
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { uid: "1", operation: "CREATE", namespace: "default", object, ...more },
  });

const post = (program: Program, path: string, body: BodyInit, type = "application/json") =>
  program.get(path, { method: "POST", body, headers: { "content-type": type } });

test("the program waits for definitions, injects by label, and validates", async (t) => {
  await using cluster = await startApiServer();
  await using program = await Program.start(cluster);
  await waitUntil("it listens", async () => (await program.get("/healthz")).status === 200);

  await t.step("without the definitions it is alive but not ready", async () => {
    const ready = await program.get("/readyz");
    assert.equal(ready.status, 503);
    assert.match(ready.text, /meshes, containerpatches/);
    const answer = await post(program, "/inject-sidecar", review({}));
    assert.match(answer.text, /"code":503.*not ready/);
  });

  await furnishKuma(cluster);
  await cluster.createNamespace("yes", { "kuma.io/sidecar-injection": "true" });
  await cluster.createNamespace("plain");
  // Who knows this one, API server or webhook, knows those before it.
  await cluster.createNamespace("meshed", { "kuma.io/sidecar-injection": "enabled" });
  await program.untilReady();
  await program.register(cluster);
  await waitUntil("the webhook knows the namespaces", async () => {
    const { body } = await create(cluster, "meshed", `try-${crypto.randomUUID().slice(0, 8)}`);
    return names(body).includes("kuma-sidecar");
  });

  await t.step("labels of namespace and pod decide", async () => {
    const injected = ["kuma-sidecar", "app"];
    assert.deepEqual(names((await create(cluster, "yes", "a")).body), injected);
    assert.deepEqual(names((await create(cluster, "plain", "a")).body), ["app"]);
    const own = { "kuma.io/sidecar-injection": "enabled" };
    assert.deepEqual(names((await create(cluster, "plain", "b", own)).body), injected);
    assert.deepEqual(names((await create(cluster, "meshed", "b", own)).body), injected);
    const out = { "kuma.io/sidecar-injection": "disabled" };
    assert.deepEqual(names((await create(cluster, "meshed", "c", out)).body), ["app"]);
  });

  await t.step("a ContainerPatch is validated when it is created", async () => {
    const patch = (value: string) => ({
      apiVersion: "kuma.io/v1alpha1",
      kind: "ContainerPatch",
      metadata: { name: "p" },
      spec: { sidecarPatch: [{ op: "add", path: "/resources/limits/cpu", value }] },
    });
    const bad = await cluster.fetch("POST", PATCHES, patch("500m"));
    const said = await bad.json() as JsonObject;
    assert.equal(bad.status, 422);
    assert.match(String(said.message), /spec\.sidecarPatch\[0\]\.value: "500m" is not JSON/);
    const elsewhere = PATCHES.replace("kuma-system", "plain");
    const misplaced = await cluster.fetch("POST", elsewhere, patch('"500m"'));
    assert.equal(misplaced.status, 403);
    assert.match(await misplaced.text(), /can only be placed in kuma-system namespace/);
    const test = { ...patch('"1"'), spec: { sidecarPatch: [{ op: "test", path: "/image" }] } };
    const schema = await cluster.fetch("POST", PATCHES, test);
    assert.equal(schema.status, 422);
    assert.match(await schema.text(), /Unsupported value: \\"test\\"/);
    assert.equal((await cluster.request("POST", PATCHES, patch('"500m"'))).metadata?.name, "p");
  });

  await t.step("a Service's protocol is validated", async () => {
    const answer = await cluster.fetch("POST", "/api/v1/namespaces/plain/services", {
      metadata: { name: "s", annotations: { "80.service.kuma.io/protocol": "smtp" } },
      spec: { ports: [{ port: 80 }] },
    });
    assert.equal(answer.status, 422);
    assert.match(await answer.text(), /value \\"smtp\\" is not valid/);
  });

  await t.step("a mesh that goes is missed, one that comes is seen", async () => {
    await cluster.request("DELETE", `${MESHES}/default`);
    await waitUntil("pods are denied", async () => {
      const { body } = await create(cluster, "meshed", `m-${crypto.randomUUID().slice(0, 8)}`);
      return String(body.message).includes('Mesh.kuma.io "default" not found');
    });
  });
  const { code, log } = await program.end();
  assert.equal(code, 0, log);
  assert.match(log, /"msg":"pod denied".*Mesh\.kuma\.io/);
});

test("what is malformed is answered in one line, never with a stack", async (t) => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await using program = await Program.ready(cluster);
  const pod = { metadata: { name: "x", labels: { "kuma.io/sidecar-injection": "enabled" } } };
  const app = { ...pod, spec: { containers: [{ name: "a", image: "a" }] } };
  const big = {
    ...pod,
    spec: { containers: [{ name: "a", image: "a", args: ["x".repeat(3 << 20)] }] },
  };
  const newer = { ...app, spec: { ...app.spec, fromTheFuture: { a: [1] } } };
  const path = "/inject-sidecar";
  const cases: [string, () => ReturnType<typeof post>, number, RegExp][] = [
    ["no JSON", () => post(program, path, "{"), 400, /not JSON/],
    ["no review", () => post(program, path, "{}"), 400, /no AdmissionReview/],
    [
      "another version",
      () => post(program, path, '{"apiVersion":"v1beta1"}'),
      400,
      /no AdmissionReview/,
    ],
    [
      "no request",
      () => post(program, path, review({}).replace(/"request.*/, '"a":1}')),
      400,
      /no request/,
    ],
    [
      "another content type",
      () => post(program, path, "{}", "text/plain"),
      415,
      /application\/json/,
    ],
    ["another method", () => program.get(path), 405, /POST/],
    ["another path", () => post(program, "/nope", "{}"), 404, /.*/],
    ["not UTF-8", () => post(program, path, new Uint8Array([0x22, 0xff])), 400, /UTF-8/],
    [
      "a wrong kind",
      () => post(program, path, review({ kind: "Job", spec: {} })),
      200,
      /"code":400.*its kind/,
    ],
    ["no containers", () => post(program, path, review(pod)), 200, /"allowed":false.*"code":400/],
    ["no object", () => post(program, path, review(null)), 200, /"allowed":false.*"code":400/],
    ["a pod of 3 MB", () => post(program, path, review(big)), 200, /"allowed":true.*"patch":/],
    ["unknown fields", () => post(program, path, review(newer)), 200, /"allowed":true.*"patch":/],
  ];
  for (const [name, send, status, text] of cases) {
    await t.step(name, async () => {
      const answer = await send();
      assert.equal(answer.status, status, answer.text.slice(0, 300));
      assert.match(answer.text, text);
      assert.doesNotMatch(answer.text, /\.ts:|\.js:|\n.+\n/);
    });
  }
  await t.step("9 MiB are refused before they were all read", async () => {
    const { status, text } = await post(program, path, "x".repeat(9 << 20));
    // A client that still writes may see the connection's end before it reads the answer.
    if (status === 0) assert.match(text, /pipe|reset/i);
    else assert.equal(status, 413, text);
    assert.equal((await program.get("/healthz")).status, 200);
  });
  await t.step("unknown fields are kept: the patch does not name them", async () => {
    const answer = JSON.parse((await post(program, path, review(newer))).text);
    const patch = new TextDecoder().decode(Uint8Array.fromBase64(answer.response.patch));
    assert.doesNotMatch(patch, /fromTheFuture|creationTimestamp|"path":"\/status/);
  });
  await t.step("the dry run explains", async () => {
    const { status, text } = await post(program, "/explain?namespace=default", JSON.stringify(app));
    assert.equal(status, 200);
    assert.match(text, /would be injected: the pod's label.*\+ {4}- name: kuma-sidecar/s);
  });
  await t.step("metrics count", async () => {
    const { text } = await program.get("/metrics");
    assert.match(
      text,
      /kuma_webhook_requests_total\{outcome="patched",path="\/inject-sidecar"\} 3|path="\/inject-sidecar",outcome="patched"\} 3/,
    );
    assert.match(text, /kuma_webhook_informer_synced\{kind="meshes"\} 1/);
  });
  await metricsSteps(t, "kuma-webhook", (await program.get("/metrics")).text);
});

test("the permissions are exactly what is needed", { sanitizeResources: false }, async (t) => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await cluster.applyCrd(openDefinition("Dataplane", "dataplanes", "Namespaced"));
  const tp = "runtime: {kubernetes: {injector: {transparentProxyConfigMap: tp}}}";
  const subject = { serviceAccount: "kuma-system/webhook" };
  const all = { cluster: clusterRules({ configMaps: true }), namespace: namespaceRules() };
  const start = async (granted: typeof all, config = tp) => {
    const token = await cluster.createServiceAccountToken("kuma-system", "webhook");
    await cluster.grant("webhook", granted.cluster, subject);
    await cluster.grant("webhook", granted.namespace, subject, "kuma-system");
    return await Program.start(cluster, { token, config });
  };
  await t.step("all of them make it ready and let readers in", async () => {
    await using program = await start(all);
    await program.untilReady();
    await program.until(
      "it asks who they are",
      async () => (await program.get("/metrics")).status === 200,
    );
  });
  await t.step("settings that need less get by with less", async () => {
    const config = "store: {unsafeDelete: true}";
    const less = clusterRules({ unsafeDelete: true });
    await using program = await start({ ...all, cluster: less }, config);
    await program.untilReady();
  });
  for (const where of ["cluster", "namespace"] as const) {
    for (const [at, rule] of all[where].entries()) {
      for (const [resource, verb] of pairs(rule)) {
        await t.step(`without ${verb} ${resource} it is not`, async () => {
          const rest = all[where].filter((_, other) => other !== at);
          const less = { ...all, [where]: [...rest, ...without(rule, resource, verb)] };
          await using program = await start(less);
          if (verb === "create") {
            await program.until(
              "it can let nobody in",
              async () => (await program.get("/metrics")).status === 503,
            );
            return;
          }
          await program.until("it complains", () => {
            const lines = program.said.split("\n").filter((line) => line.includes("403"));
            return Promise.resolve(lines.some((line) => line.includes(resource)));
          });
          if (verb !== "list") return;
          const ready = await program.get("/readyz");
          assert.equal(ready.status, 503);
          assert.ok(ready.text.includes(resource), ready.text);
        });
      }
    }
  }
});

test("an authority that only the environment names does not vouch for the API server", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  const { caPem } = await createPki();
  const kubeconfig = adminKubeconfig({ url: cluster.url, caPem }, cluster.admin);
  const environment = { DENO_CERT: cluster.caFile };
  await using program = await Program.start(cluster, { kubeconfig, environment });
  const complains = () => Promise.resolve(program.said.includes('"cause":"connection"'));
  await program.until("it complains", complains);
  assert.match(program.said, /invalid peer certificate/);
  assert.equal((await program.get("/readyz")).status, 503);
});
