/**
 * The compiled program under load while things happen to it. The load comes as an API server's does; no
 * request may fail.
 */
import assert from "node:assert/strict";
import { describeLoad, type LoadOptions, type LoadResult, runLoad } from "../bench/webhook_load.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { sleep, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { Program } from "./program.ts";
import { furnishKuma, MESHES } from "./test_webhook.ts";

const test = requires("etcd");

const pod = (n: number, mesh = "default") =>
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: `u${n}`,
      kind: { group: "", version: "v1", kind: "Pod" },
      operation: "CREATE",
      namespace: "meshed",
      object: {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: `p${n}`, labels: { "kuma.io/mesh": mesh } },
        spec: { containers: [{ name: "app", image: "app:1" }] },
      },
    },
  });

function load(program: Program, more: Partial<LoadOptions> = {}): Promise<LoadResult> {
  return runLoad({
    target: () => ({ hostname: "127.0.0.1", port: program.port }),
    serverName: "localhost",
    caPem: () => program.authority.certificate,
    path: "/inject-sidecar?timeout=10s",
    body: (n) => pod(n),
    fault: ({ status, text }, n) =>
      status === 200 && text.includes(`"uid":"u${n}"`) && text.includes('"patch"')
        ? undefined
        : `${status} ${text.slice(0, 200)}`,
    seconds: 6,
    ...more,
  });
}

async function furnished(): Promise<TestCluster> {
  const cluster = await startApiServer();
  await furnishKuma(cluster);
  await cluster.createNamespace("meshed", { "kuma.io/sidecar-injection": "enabled" });
  return cluster;
}

test("certificates change under load and no request fails", async () => {
  await using cluster = await furnished();
  await using program = await Program.ready(cluster);
  const running = load(program);
  for (let round = 0; round < 3; round++) {
    await sleep(1500);
    await program.rotate();
  }
  const result = await running;
  assert.deepEqual(result.errors, [], describeLoad(result));
  await waitUntil(
    "all four were used",
    async () =>
      (await program.get("/metrics")).text.includes("kuma_webhook_certificate_loads_total 4"),
  );
});

test("a new certificate is what new connections get", async () => {
  await using cluster = await furnished();
  await using program = await Program.ready(cluster);
  const pair = await program.rotate();
  const wanted = pair.certificate.trim();
  await waitUntil("the new one is served", async () => {
    const { stdout } = await new Deno.Command("openssl", {
      args: ["s_client", "-connect", `127.0.0.1:${program.port}`, "-alpn", "h2,http/1.1"],
      stdin: "null",
      stderr: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.match(text, /ALPN protocol: http\/1\.1/);
    return text.replaceAll("\n", "").includes(wanted.replaceAll("\n", ""));
  });
  const old = await new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${program.port}`, "-tls1_1"],
    stdin: "null",
    stderr: "null",
  }).output();
  assert.equal(old.success, false, "TLS 1.1 is refused");
});

test("the API server restarts under load: answers go on, and what is new is seen after", async () => {
  await using cluster = await furnished();
  await using program = await Program.ready(cluster);
  const running = load(program, { seconds: 12 });
  await sleep(1000);
  await cluster.stopServer();
  await sleep(2000);
  assert.equal((await program.get("/readyz")).status, 200, "it answers from memory");
  await cluster.startServer();
  await cluster.request("POST", MESHES, {
    apiVersion: "kuma.io/v1alpha1",
    kind: "Mesh",
    metadata: { name: "later" },
  });
  const result = await running;
  assert.deepEqual(result.errors, [], describeLoad(result));
  await waitUntil("the new mesh is known", async () => {
    const answer = await program.get("/inject-sidecar", {
      method: "POST",
      body: pod(1, "later"),
      headers: { "content-type": "application/json" },
    });
    return answer.text.includes('"patch"');
  }, { timeoutMs: 40_000 });
  const { text } = await program.get("/metrics");
  assert.match(text, /kuma_webhook_informer_restarts_total\{.*cause="connection"/);
});

test("SIGTERM under load: one of two replicas leaves and no request fails", async () => {
  await using cluster = await furnished();
  await using stays = await Program.ready(cluster);
  const authority = stays.authority.certificate;
  await using leaves = await Program.ready(cluster, { args: ["--drain-time", "6"] });
  let gone = false;
  let turn = 0;
  const running = load(stays, {
    seconds: 11,
    // As a Service: both in turn, and only the other one a second after the pod began to end.
    target: () => ({
      hostname: "127.0.0.1",
      port: gone || turn++ % 2 === 0 ? stays.port : leaves.port,
    }),
    caPem: () => `${authority}\n${leaves.authority.certificate}`,
  });
  await sleep(2000);
  const ended = leaves.end();
  await sleep(1000);
  assert.equal((await leaves.get("/readyz")).status, 503);
  gone = true;
  const { code, log } = await ended;
  const result = await running;
  assert.equal(code, 0, log);
  assert.deepEqual(result.errors, [], describeLoad(result));
});
