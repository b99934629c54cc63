import assert from "node:assert/strict";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { startApiServer } from "../kube/apiserver.ts";
import { createPki } from "../kube/pki.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { type Answer, MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const LIMIT_MS = 10_000;
const json = (value: unknown, status = 200) => Response.json(value, { status });

/** Calls ADD; gives its error, having seen that it was in time and that nothing was applied. */
async function failingAdd(sandbox: CniSandbox) {
  const started = performance.now();
  const error = errorOf(await sandbox.call("ADD"));
  const took = performance.now() - started;
  assert.ok(took < LIMIT_MS, `it took ${took} ms`);
  assert.doesNotMatch(await sandbox.rules(), /KUMA/);
  assert.doesNotMatch(JSON.stringify(error), /a-token/);
  return { error, took };
}

async function against(answer: Answer) {
  await using api = await MisbehavingApi.create(answer);
  await using sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  return { ...await failingAdd(sandbox), requests: api.requests };
}

const PASSING: [what: string, answer: Answer, says: RegExp][] = [
  ["404", () => json({ kind: "Status" }, 404), /knows no pod demo\/web/],
  ["500", () => json({ kind: "Status" }, 500), /answers with status 500/],
  ["503 without a body", () => new Response(null, { status: 503 }), /status 503/],
  ["truncated JSON", () => new Response('{"metadata":{"name":'), /malformed JSON/],
  ["HTML", () => new Response("<html>"), /malformed JSON/],
  ["another object", () => json({ kind: "Status" }), /something else than a pod/],
  ["no answer", () => undefined, /does not answer within/],
];

test("what may pass is tried again and then code 11: 404, 500, 503, truncated JSON, HTML, another object, no answer", async () => {
  // Side by side: each takes the whole budget.
  await Promise.all(PASSING.map(async ([what, answer, says]) => {
    const { error, requests } = await against(answer);
    assert.equal(error.code, 11, what);
    assert.match(error.msg, says);
    assert.ok(requests > (what === "no answer" ? 1 : 5), `${what}: ${requests} requests`);
  }));
});

test("401 ends early and says that the token is stale", async () => {
  const { error, took } = await against(() => json({ kind: "Status" }, 401));
  assert.equal(error.code, 11);
  assert.match(error.msg, /token is stale/);
  assert.ok(took < 3000);
});

test("403 ends at once with the server's words", async () => {
  const message = 'pods "web" is forbidden: User "system:serviceaccount:kube-system:kuma-cni"';
  const { error, requests } = await against(() => json({ message }, 403));
  assert.equal(error.code, 101);
  assert.match(error.msg, /forbidden: User/);
  assert.equal(requests, 1);
});

test("an API server that takes 5 s is waited for", async () => {
  let late: ReturnType<typeof setTimeout> | undefined;
  await using api = await MisbehavingApi.create(() =>
    new Promise<Response>((resolve) => {
      late = setTimeout(() => resolve(json(podObject())), 5000);
    })
  );
  await using sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  const done = await sandbox.call("ADD");
  clearTimeout(late);
  assert.equal(done.code, 0, done.stdout);
  assert.match(await sandbox.rules(), /KUMA_MESH_INBOUND/);
});

test("an API server that recovers within the budget is enough", async () => {
  let answers = 0;
  await using api = await MisbehavingApi.create(() =>
    ++answers < 4 ? json({}, 500) : json(podObject())
  );
  await using sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  assert.equal((await sandbox.call("ADD")).code, 0);
});

test("nobody listening is code 11", async () => {
  await using sandbox = await CniSandbox.create(plugin);
  const { caPem } = await createPki();
  sandbox.connect({ url: "https://127.0.0.1:1", caPem });
  const { error } = await failingAdd(sandbox);
  assert.equal(error.code, 11);
  assert.match(error.msg, /127\.0\.0\.1:1 does not answer/);
});

test("a wrong CA ends at once and says so", async () => {
  await using api = await MisbehavingApi.create(() => json(podObject()));
  await using sandbox = await CniSandbox.create(plugin);
  const { caPem } = await createPki();
  sandbox.connect({ url: api.url, caPem });
  const { error, took } = await failingAdd(sandbox);
  assert.equal(error.code, 103);
  assert.match(error.msg, /certificate .*not trusted/);
  assert.ok(took < 3000);
  assert.equal(api.requests, 0);
});

test("a CA that the node trusts, and not the kubeconfig, is a wrong one", async () => {
  await using api = await MisbehavingApi.create(() => json(podObject()));
  await using sandbox = await CniSandbox.create(plugin);
  const { caPem } = await createPki();
  sandbox.connect({ url: api.url, caPem });
  const file = `${sandbox.dir}/ca.pem`;
  Deno.writeTextFileSync(file, api.caPem);
  for (const env of [{ DENO_TLS_CA_STORE: "system", SSL_CERT_FILE: file }, { DENO_CERT: file }]) {
    assert.equal(errorOf(await sandbox.call("ADD", { env })).code, 103, Object.keys(env)[0]);
  }
  // A kubeconfig without a CA means the node's.
  const text = Deno.readTextFileSync(sandbox.kubeconfig);
  const without = text.replace(/^ *"?certificate-authority-data.*\n/m, "");
  assert.notEqual(without, text);
  Deno.writeTextFileSync(sandbox.kubeconfig, without);
  const env = { DENO_TLS_CA_STORE: "system", SSL_CERT_FILE: file };
  assert.equal((await sandbox.call("ADD", { env })).code, 0);
});

test("a CA that is no certificate says so", async () => {
  await using sandbox = await CniSandbox.create(plugin);
  const caPem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  sandbox.connect({ url: "https://127.0.0.1:1", caPem });
  assert.equal((await failingAdd(sandbox)).error.code, 103);
});

for (
  const [what, text, code] of [
    ["missing", undefined, 11],
    ["empty", "", 102],
    ["binary", "\u0000\u0001", 102],
    ["cut short", "apiVersion: v1\nclusters:\n- name: lo", 102],
  ] as const
) {
  test(`a kubeconfig that is ${what} is code ${code} and names the file`, async () => {
    await using sandbox = await CniSandbox.create(plugin);
    if (text !== undefined) Deno.writeTextFileSync(sandbox.kubeconfig, text);
    const { error, took } = await failingAdd(sandbox);
    assert.equal(error.code, code);
    assert.ok(error.msg.includes(sandbox.kubeconfig), error.msg);
    assert.ok(took < 3000);
  });
}

requires("root", "netns", "go", "etcd", "iptables-nft")(
  "the real API server: stopped, paused, wrong token, token without rights, back again",
  async (t) => {
    await using cluster = await startApiServer();
    await using sandbox = await CniSandbox.create(plugin);
    await cluster.createNamespace("demo");
    const token = await cluster.createServiceAccountToken("demo", "kuma-cni");
    await t.step("a token without rights is 403: code 101", async () => {
      sandbox.connect(cluster, token);
      const { error } = await failingAdd(sandbox);
      assert.equal(error.code, 101);
      assert.match(error.msg, /cannot get resource/);
      assert.doesNotMatch(JSON.stringify(error), /eyJ/);
    });
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
    await cluster.grant("fault-cni", rules, { serviceAccount: "demo/kuma-cni" });
    await t.step("no such pod is 404: code 11", async () => {
      assert.equal((await failingAdd(sandbox)).error.code, 11);
    });
    await t.step("a wrong token is 401: code 11", async () => {
      sandbox.connect(cluster, "wrong");
      assert.match((await failingAdd(sandbox)).error.msg, /stale/);
      sandbox.connect(cluster, token);
    });
    await t.step("a paused server is given up in time", async () => {
      await cluster.pause();
      const { error } = await failingAdd(sandbox);
      await cluster.resume();
      assert.equal(error.code, 11);
    });
    await t.step("a stopped server is code 11, DEL succeeds meanwhile", async () => {
      await cluster.stopServer();
      const { error } = await failingAdd(sandbox);
      assert.equal(error.code, 11);
      assert.equal((await sandbox.call("DEL")).code, 0);
      await cluster.startServer();
    });
    await t.step("then it works", async () => {
      const object = podObject();
      await cluster.createPod("demo", { ...object, metadata: { name: "web", annotations: {} } });
      assert.equal((await sandbox.call("ADD", { env: { CNI_ARGS: ARGS } })).code, 0);
    });
  },
);

/** Without the uid, which the real server chooses itself. */
const ARGS = "IgnoreUnknown=1;K8S_POD_NAMESPACE=demo;K8S_POD_NAME=web";
