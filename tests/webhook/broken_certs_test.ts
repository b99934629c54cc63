/**
 * Certificates that somebody broke: what the webhook made itself it mends, what others made it leaves as
 * it is and says so, and meanwhile it goes on with what it has.
 */
import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import type { JsonObject } from "core/patch/json.ts";
import { createAuthority, isIssuedBy, issueServer } from "../../webhook/certificates/issue.ts";
import { secretSource } from "../../webhook/certificates/secret.ts";
import { blocks, isSound } from "../../webhook/certificates/soundness.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { run, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { Program } from "./program.ts";
import { adminConnection, furnishKuma } from "./test_webhook.ts";

const test = requires("etcd");
const SECRETS = "/api/v1/namespaces/kuma-system/secrets";
const SECRET = `${SECRETS}/kuma-webhook-tls`;
const GARBAGE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const encode = (text: string) => new TextEncoder().encode(text).toBase64();
const decode = (text = "") => new TextDecoder().decode(Uint8Array.fromBase64(text));

type Secret = JsonObject & {
  type: string;
  metadata: JsonObject & { labels?: JsonObject };
  data?: Record<string, string>;
};

function create(cluster: TestCluster, type: string, data: Record<string, string>) {
  const metadata = { name: "kuma-webhook-tls", labels: { by: "hand" } };
  const encoded = Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, encode(text)]),
  );
  return cluster.request("POST", SECRETS, { type, metadata, data: encoded });
}

function sourceOf(connection: ReturnType<typeof adminConnection>) {
  return secretSource({
    connection,
    namespace: "kuma-system",
    secret: "kuma-webhook-tls",
    service: "kuma-webhook",
    log: silentLogger,
  });
}

test("every part of its Secret that is broken is made anew, and the rest stays", async (t) => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  using connection = adminConnection(cluster);
  const source = sourceOf(connection);
  await source.current();
  const other = await createAuthority();
  const foreign = await issueServer(other, ["kuma-webhook.kuma-system.svc"]);
  /** What is written over the good Secret, and whether the CA can stay. */
  const cases: [name: string, over: Record<string, string>, keepsCa: boolean][] = [
    ["certificate is garbage", { "tls.crt": GARBAGE }, true],
    ["certificate is text", { "tls.crt": "hello" }, true],
    ["certificate is empty", { "tls.crt": "" }, true],
    ["key is garbage", { "tls.key": "hello" }, true],
    ["key is another's", { "tls.key": foreign.key }, true],
    ["certificate is the CA's", { "tls.crt": other.certificate, "tls.key": "" }, true],
    ["bundle is garbage", { "ca.crt": "hello" }, true],
    ["bundle has garbage beside the CA", { "ca.crt": `${other.certificate}\n${GARBAGE}` }, true],
    ["CA is garbage", { "ca-own.crt": GARBAGE }, false],
    ["CA's key is another's", { "ca.key": other.key }, false],
    ["CA's key is missing", { "ca.key": "" }, false],
    ["all is garbage", { "ca.crt": "a", "ca-own.crt": "b", "ca.key": "c", "tls.crt": "d" }, false],
  ];
  for (const [name, over, keepsCa] of cases) {
    await t.step(name, async () => {
      const good = await cluster.request<Secret>("GET", SECRET);
      const data = { ...good.data };
      for (const [key, text] of Object.entries(over)) data[key] = encode(text);
      await cluster.request("PUT", SECRET, { ...good, data: { ...data, mine: encode("kept") } });

      const pair = await source.current();
      const { data: after = {} } = await cluster.request<Secret>("GET", SECRET);
      const ca = { certificate: decode(after["ca-own.crt"]), key: decode(after["ca.key"]) };
      assert.ok(await isSound(pair));
      assert.ok(await isSound(ca));
      assert.equal(after["ca-own.crt"] === good.data?.["ca-own.crt"], keepsCa, "the CA");
      const bundle = blocks(decode(after["ca.crt"]));
      assert.ok(bundle.includes(ca.certificate.trim()), "the CA is trusted");
      const trusted = await Promise.all(bundle.map((pem) => isIssuedBy(pair.certificate, pem)));
      assert.ok(trusted.includes(true), "what is served is trusted");
      assert.equal(decode(after.mine), "kept", "keys of others");
      assert.deepEqual(await source.current(), pair, "nothing is due any more");
    });
  }
});

test("an empty Secret is filled and keeps its labels and type", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await create(cluster, "Opaque", {});
  using connection = adminConnection(cluster);
  assert.ok(await isSound(await sourceOf(connection).current()));
  const { type, metadata, data = {} } = await cluster.request<Secret>("GET", SECRET);
  assert.equal(type, "Opaque");
  assert.deepEqual(metadata.labels, { by: "hand" });
  assert.equal(Object.keys(data).length, 5);
});

test("a Secret that somebody else made is never written over", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  using connection = adminConnection(cluster);
  const pair = await issueServer(await createAuthority(), ["kuma-webhook.kuma-system.svc"]);
  const theirs: [type: string, data: Record<string, string>][] = [
    ["Opaque", { password: "secret" }],
    ["kubernetes.io/tls", { "tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": "x" }],
    ["kubernetes.io/basic-auth", { username: "me", password: "secret" }],
  ];
  for (const [type, data] of theirs) {
    await create(cluster, type, data);
    const before = await cluster.request<Secret>("GET", SECRET);
    await assert.rejects(async () => await sourceOf(connection).current(), (thrown) => {
      assert.ok(thrown instanceof KumaError);
      assert.equal(thrown.code, "KUMA-WH-022");
      assert.match(thrown.line, /kuma-system\/kuma-webhook-tls .*was not made by this webhook/);
      assert.doesNotMatch(thrown.line, /PRIVATE|secret;/);
      return true;
    });
    assert.deepEqual(await cluster.request<Secret>("GET", SECRET), before);
    await cluster.request("DELETE", SECRET);
  }
});

/** Status line and body of a page, whatever the certificate. */
async function page(port: number, path: string): Promise<string> {
  const { stdout } = await run("openssl", [
    ...["s_client", "-quiet", "-connect", `127.0.0.1:${port}`],
  ], { stdin: `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n` });
  return stdout;
}

test("without a certificate it answers probes and says why it is not ready, then heals", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await create(cluster, "Opaque", { password: "secret" });
  await using program = await Program.start(cluster, { args: ["--generate-certs"] });
  await waitUntil("it is alive", async () => /200 OK/.test(await page(program.port, "/healthz")));
  await waitUntil("only the certificate is missing", async () => {
    const text = await page(program.port, "/readyz");
    assert.match(text, /503|^$/);
    return /it has no certificate: .*was not made by this webhook/.test(text);
  });
  await cluster.request("DELETE", SECRET);
  await waitUntil("it made one", async () => /200 OK/.test(await page(program.port, "/readyz")));
  const { log } = await program.end();
  assert.equal(log.match(/no certificate yet/g)?.length, 1, "one line for one trouble");
});

test("files that break are left alone: the old certificate stays, one line says so", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await using program = await Program.ready(cluster, { args: ["--drain-time", "0"] });
  const { directory, authority } = program;
  const good = await issueServer(authority, ["localhost"]);
  const over = await issueServer(
    authority,
    ["localhost"],
    new Date(Date.now() - 9 * 86_400_000),
    3,
  );
  const put = (certificate: string, key: string) => {
    Deno.writeTextFileSync(`${directory}/tls.crt`, certificate);
    Deno.writeTextFileSync(`${directory}/tls.key`, key);
  };
  const complaints = () =>
    program.said.split("\n").filter((line) => line.includes("certificate not reloaded"));
  const broken: [breakIt: () => void, says: RegExp][] = [
    [() => put(GARBAGE, good.key), /no certificate in PEM/],
    [() => put("", ""), /no certificate in PEM/],
    [() => put(authority.certificate, good.key), /may not be consistent/],
    [() => put(over.certificate, over.key), /the certificate ended on/],
    [() => Deno.removeSync(`${directory}/tls.crt`), /tls\.crt: /],
  ];
  for (const [breakIt, says] of broken) {
    const before = complaints().length;
    breakIt();
    await waitUntil(`it says ${says}`, () => says.test(complaints().slice(before).at(-1) ?? ""));
    assert.equal((await program.get("/readyz")).status, 200);
  }
  put(good.certificate, good.key);
  await waitUntil(
    "the good one is taken",
    async () => (await program.get("/metrics")).text.includes("certificate_loads_total 2"),
  );
  await program.end();
  // Between two writes there may be one more.
  assert.ok(complaints().length <= broken.length + 2, complaints().join("\n"));
});

test("files that are broken at the start: one line and the end, or not ready where they are over", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await using scratch = await Program.start(cluster);
  const { directory, authority } = scratch;
  const environment = { KUMA_RUNTIME_KUBERNETES_ADMISSION_SERVER_CERT_DIR: `${directory}/other` };
  Deno.mkdirSync(`${directory}/other`);
  const over = await issueServer(
    authority,
    ["localhost"],
    new Date(Date.now() - 9 * 86_400_000),
    3,
  );
  const put = (name: string, text: string) =>
    Deno.writeTextFileSync(`${directory}/other/${name}`, text);
  const cases: [name: string, certificate: string, key: string][] = [
    ["empty", "", ""],
    ["garbage", GARBAGE, over.key],
    ["another's key", authority.certificate, over.key],
    ["no key", over.certificate, "hello"],
  ];
  for (const [name, certificate, key] of cases) {
    put("tls.crt", certificate);
    put("tls.key", key);
    await using program = await Program.start(cluster, { environment });
    const { code, log } = await program.ended();
    assert.equal(code, 1, name);
    assert.match(log, /^Error: The serving certificate cannot be used.*\[KUMA-WH-022\]$/m, name);
  }
  put("tls.crt", over.certificate);
  put("tls.key", over.key);
  await using program = await Program.start(cluster, { environment });
  await waitUntil(
    "it says that it is over",
    async () => /503[^]*the certificate ended on/.test(await page(program.port, "/readyz")),
  );
  assert.match(await page(program.port, "/healthz"), /200 OK/);
});
