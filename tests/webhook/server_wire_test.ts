/**
 * The admission server on the wire: TLS versions, protocols, limits, malformed requests.
 */
import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import { MetricSet } from "core/metrics/metrics.ts";
import { SERVER_METRICS } from "core/metrics/webhook_metrics.ts";
import { MAX_REVIEW as MAX_BODY } from "../../webhook/server/respond.ts";
import { startServer } from "../../webhook/server/server.ts";
import { run, waitUntil } from "../support/processes.ts";
import { reviewText, testAuthority } from "./server_pki.ts";

const { caPem, issue } = await testAuthority();

/** A server with handlers that fail in every way, and a client that trusts it. */
async function subject(over: { notReady?: () => string | undefined } = {}) {
  const server = startServer({
    hostname: "",
    port: 0,
    certificate: await issue(),
    handlers: {
      "/ok": ({ name }) => ({ allowed: true, warnings: [name] }),
      "/kuma": () => {
        throw new KumaError("KUMA-WH-004", "no such mesh", { hint: "create it" });
      },
      "/bug": () => {
        throw new RangeError("first line\nat secret/place.ts:1:1");
      },
      "/later": () => Promise.reject(new Error("later")),
    },
    pages: {
      "/page": (body, query) => `${body}?${query}`,
      "/bad-page": () => {
        throw new TypeError("broken");
      },
    },
    notReady: () => undefined,
    guard: ({ headers }) =>
      Promise.resolve(
        headers.get("authorization") === "Bearer reader"
          ? undefined
          : { status: 401, why: "who are you" },
      ),
    metrics: new MetricSet(SERVER_METRICS),
    log: silentLogger,
    ...over,
  });
  const client = Deno.createHttpClient({ caCerts: [caPem] });
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`https://localhost:${server.port}${path}`, { ...init, client });
  const authorization = "Bearer reader";
  const post = (path: string, body: BodyInit, type = "application/json") =>
    get(path, { method: "POST", body, headers: { "content-type": type, authorization } });
  return {
    server,
    client,
    fetch: get,
    post,
    /** Whether an ordinary review is answered. */
    async works(): Promise<boolean> {
      const answer = await post("/ok", reviewText("a"));
      await answer.body?.cancel();
      return answer.status === 200;
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await server.shutdown({ noticeMs: 0, graceMs: 2000 });
    },
  };
}

/** What openssl negotiates with the server, offering what Go offers. */
async function negotiated(port: number, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run("openssl", [
    ...["s_client", "-connect", `127.0.0.1:${port}`, "-alpn", "h2,http/1.1"],
    ...args,
  ], { stdin: "" });
  return stdout + stderr;
}

Deno.test("TLS 1.2 and 1.3 are spoken, nothing older, and never HTTP/2", async () => {
  await using it = await subject();
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const text = await negotiated(it.server.port, version);
    assert.match(text, /ALPN protocol: http\/1\.1/, version);
  }
  for (const version of ["-tls1", "-tls1_1"]) {
    // At security level 0 openssl itself does not refuse the old versions.
    const text = await negotiated(it.server.port, version, "-cipher", "ALL:@SECLEVEL=0");
    assert.doesNotMatch(text, /ALPN protocol|Cipher is [A-Z]{3}/, version);
  }
});

Deno.test("a review is answered with its uid", async () => {
  await using it = await subject();
  const sent = reviewText("a");
  const answer = await it.post("/ok", sent, "application/json; charset=utf-8");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/json");
  const { response } = await answer.json();
  assert.equal(response.uid, JSON.parse(sent).request.uid);
  assert.equal(response.allowed, true);
  assert.deepEqual(response.warnings, ["a"]);
});

Deno.test("whatever a handler throws becomes a denial of one line", async () => {
  await using it = await subject();
  const status = async (path: string) =>
    (await (await it.post(path, reviewText("a"))).json()).response.status;
  assert.deepEqual(await status("/kuma"), {
    status: "Failure",
    code: 400,
    reason: "BadRequest",
    message: "no such mesh; create it (KUMA-WH-004)",
  });
  for (const path of ["/bug", "/later"]) {
    const { code, message } = await status(path);
    assert.equal(code, 500);
    assert.match(message, /^The webhook failed, which is an error in it: (first line at|later)/);
    assert.doesNotMatch(message, /\n|respond\.ts/);
  }
});

Deno.test("what is no review gets one line and a status of its own", async () => {
  await using it = await subject();
  const cases: [name: string, answer: Promise<Response>, status: number, says: RegExp][] = [
    ["no JSON", it.post("/ok", "{"), 400, /not JSON/],
    ["empty", it.post("/ok", ""), 400, /not JSON/],
    ["a list", it.post("/ok", "[]"), 400, /no object/],
    ["another version", it.post("/ok", reviewText("a").replace("io/v1", "io/v1beta1")), 400, /v1/],
    ["no request", it.post("/ok", '{"apiVersion":"admission.k8s.io/v1"}'), 400, /AdmissionReview/],
    ["no UTF-8", it.post("/ok", new Uint8Array([0x22, 0xff, 0x22])), 400, /UTF-8/],
    ["another type", it.post("/ok", "{}", "text/plain"), 415, /application\/json/],
    ["no type", it.fetch("/ok", { method: "POST", body: new Uint8Array(1) }), 415, /json/],
    ["GET", it.fetch("/ok"), 405, /POST/],
    ["another path", it.post("/nowhere", "{}"), 404, /nothing is served/],
    ["a name of Object's", it.post("/constructor", "{}"), 404, /nothing/],
    ["a page's bug", it.post("/bad-page", "{}"), 500, /^broken\n$/],
  ];
  for (const [name, pending, status, says] of cases) {
    const answer = await pending;
    const text = await answer.text();
    assert.equal(answer.status, status, name);
    assert.match(text, says, name);
    assert.equal(text.trimEnd().split("\n").length, 1, name);
  }
});

Deno.test("bodies up to the limit are read, longer ones refused, announced or not", async () => {
  await using it = await subject();
  const most = reviewText("a", MAX_BODY - reviewText("a").length);
  const read = await it.post("/ok", most);
  assert.equal(read.status, 200);
  await read.body?.cancel();
  const longer = reviewText("a", MAX_BODY - reviewText("a").length + 1);
  const announced = await it.post("/ok", longer);
  assert.equal(announced.status, 413);
  assert.match(await announced.text(), /longer than 8388608 bytes/);
  // A stream has no content length: it is sent in chunks.
  const stream = await it.post("/ok", new Blob([longer]).stream());
  assert.equal(stream.status, 413);
  await stream.body?.cancel();
});

Deno.test("pages get the body and the query", async () => {
  await using it = await subject();
  assert.equal(await (await it.post("/page?a=b", "body", "text/plain")).text(), "body?a=b");
});

Deno.test("health and readiness are open to all, numbers and pages to those who say who they are", async () => {
  let missing: string | undefined = "waits for meshes";
  await using it = await subject({ notReady: () => missing });
  const ready = await it.fetch("/readyz");
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /waits for meshes/);
  assert.equal(await (await it.fetch("/healthz")).text(), "ok\n");
  missing = undefined;
  assert.equal(await (await it.fetch("/readyz")).text(), "ok\n");
  await (await it.post("/ok", reviewText("a"))).body?.cancel();
  await (await it.post("/kuma", reviewText("a"))).body?.cancel();
  await (await it.post("/ok", "{")).body?.cancel();
  for (const path of ["/metrics", "/page"]) {
    const refused = await it.fetch(path, path === "/page" ? { method: "POST", body: "{}" } : {});
    assert.equal(refused.status, 401, path);
    assert.equal(refused.headers.get("www-authenticate"), "Bearer");
    assert.equal(await refused.text(), "who are you\n");
  }
  const headers = { authorization: "Bearer reader" };
  const page = await (await it.fetch("/metrics", { headers })).text();
  assert.match(page, /^kuma_webhook_requests_total\{outcome="allowed",path="\/ok"\} 1$/m);
  assert.match(page, /^kuma_webhook_requests_total\{outcome="denied",path="\/kuma"\} 1$/m);
  assert.match(page, /^kuma_webhook_requests_total\{outcome="malformed",path="\/ok"\} 1$/m);
  assert.match(page, /^kuma_webhook_requests_total\{outcome="refused",path="\/page"\} 1$/m);
  assert.match(page, /^kuma_webhook_request_duration_seconds_count\{path="\/ok"\} 2$/m);
});

Deno.test("readiness fails and connections are sent away once a shutdown has begun", async () => {
  const it = await subject();
  const ended = it.server.shutdown({ noticeMs: 3000, graceMs: 2000 });
  const ready = await it.fetch("/readyz");
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /shutting down/);
  const answer = await it.post("/ok", reviewText("a"));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("connection"), "close");
  await answer.body?.cancel();
  await ended;
  it.client.close();
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: it.server.port }));
});

Deno.test("noise on the port harms nobody", async () => {
  await using it = await subject();
  for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x00\x05hello", ""]) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: it.server.port });
    await connection.write(new TextEncoder().encode(bytes));
    await connection.closeWrite();
    while (await connection.read(new Uint8Array(1000)) !== null);
  }
  assert.ok(await it.works());
});

Deno.test("a certificate that cannot serve is refused and the old one stays", async () => {
  await using it = await subject();
  const [one, two] = [await issue(), await issue()];
  for (
    const pair of [
      { certificate: "", key: "" },
      { certificate: one.certificate, key: "no key" },
      { certificate: one.certificate, key: two.key },
    ]
  ) {
    assert.throws(() => it.server.setCertificate(pair), (error) => {
      assert.ok(error instanceof KumaError);
      assert.equal(error.code, "KUMA-WH-022");
      return true;
    });
  }
  assert.ok(await it.works());
});

Deno.test("another certificate is served at once to whoever connects", async () => {
  await using it = await subject();
  const serial = async () => {
    const { stdout } = await run("openssl", ["s_client", "-connect", `[::1]:${it.server.port}`], {
      stdin: "",
    });
    return /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(stdout)?.[0];
  };
  const before = await serial();
  const next = await issue();
  it.server.setCertificate(next);
  const after = await serial();
  assert.notEqual(after, before);
  assert.equal(after, next.certificate.trim());
});

Deno.test("a connection that never shakes hands is closed, not kept for ever", async () => {
  await using it = await subject();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: it.server.port });
  const started = performance.now();
  assert.equal(
    await waitUntil("it is closed", async () => {
      return await connection.read(new Uint8Array(10)) === null;
    }, { timeoutMs: 15_000 }),
    true,
  );
  assert.ok(performance.now() - started > 5000);
});
