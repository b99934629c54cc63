import assert from "node:assert/strict";
import { createLogger } from "core/log/record.ts";
import type { JsonObject } from "core/patch/json.ts";
import { AccessReview } from "./access_review.ts";

/** An API server that knows the tokens `reader` and `stranger`, of which one may read. */
function subject() {
  const asked: [path: string, body: JsonObject][] = [];
  let now = 0;
  let down = false;
  const told: string[] = [];
  const log = createLogger({
    name: "test",
    level: "info",
    sink: ({ msg, fields }) => told.push(`${msg}: ${fields.reason}`),
  });
  const review = new AccessReview((path, body) => {
    asked.push([path.slice(path.lastIndexOf("/") + 1), body]);
    if (down) return Promise.reject(new Error("secret"));
    const spec = body.spec as JsonObject;
    const known = ["reader", "stranger"].includes(String(spec.token));
    const user = { username: String(spec.token), groups: ["g"] };
    const unknown = { authenticated: false, error: "[token has expired, eyJhbGciOiJI.x]" };
    return Promise.resolve(
      "token" in spec
        ? { status: known ? { authenticated: true, user } : unknown }
        : { status: { allowed: spec.user === "reader", reason: "RBAC: no\nrole" } },
    );
  }, { now: () => now, log });
  return {
    asked,
    told,
    why: async (header: string) => (await review.refusal("a", header, "/metrics", "get"))?.why,
    pass: (ms: number) => now += ms,
    fail: (is: boolean) => down = is,
    status: async (header: string | undefined, peer = "a") =>
      (await review.refusal(peer, header, "/metrics", "get"))?.status ?? 200,
  };
}

Deno.test("a token is asked about, then whether its owner may", async () => {
  const it = subject();
  assert.equal(await it.status("Bearer reader"), 200);
  assert.equal(await it.status("Bearer stranger"), 403);
  assert.equal(await it.status("Bearer nobody"), 401);
  assert.deepEqual(it.asked.map(([path]) => path), [
    "tokenreviews",
    "subjectaccessreviews",
    "tokenreviews",
    "subjectaccessreviews",
    "tokenreviews",
  ]);
  assert.deepEqual(it.asked[1]?.[1].spec, {
    user: "reader",
    uid: "",
    groups: ["g"],
    extra: {},
    nonResourceAttributes: { path: "/metrics", verb: "get" },
  });
});

Deno.test("without a token nobody is asked", async () => {
  const it = subject();
  for (const header of [undefined, "", "Bearer", "Bearer a b", "Basic cmVhZGVy", "reader"]) {
    assert.equal(await it.status(header), 401);
  }
  assert.deepEqual(it.asked, []);
});

Deno.test("an answer holds for a minute, a refusal for seconds, a failure not at all", async () => {
  const it = subject();
  await it.status("Bearer reader");
  await it.status("Bearer stranger");
  const asked = it.asked.length;
  it.pass(4000);
  it.fail(true);
  assert.equal(await it.status("Bearer reader"), 200);
  assert.equal(await it.status("Bearer stranger"), 403);
  assert.equal(it.asked.length, asked);
  it.pass(2000);
  assert.equal(await it.status("Bearer stranger"), 503);
  it.pass(60_000);
  assert.equal(await it.status("Bearer reader"), 503);
  it.fail(false);
  assert.equal(await it.status("Bearer reader"), 200);
});

Deno.test("one peer's many tokens do not flood the API server, and keep nobody else out", async () => {
  const it = subject();
  const found: number[] = [];
  for (let n = 0; n < 100; n++) found.push(await it.status(`Bearer t${n}`));
  assert.equal(found.filter((status) => status === 401).length, 20);
  assert.equal(found.filter((status) => status === 429).length, 80);
  assert.equal(await it.status("Bearer reader", "b"), 200);
  it.pass(1000);
  assert.equal(await it.status("Bearer reader"), 200);
});

Deno.test("the API server's reasons reach whom they concern, in one line and without tokens", async () => {
  const it = subject();
  assert.equal(
    await it.why("Bearer nobody"),
    "the API server does not know this token: [token has expired, [redacted]]",
  );
  assert.match(await it.why("Bearer stranger") ?? "", /a ClusterRole allows it: RBAC: no role$/);
  assert.deepEqual(it.told, []);
  it.fail(true);
  assert.equal(
    await it.why("Bearer other"),
    "the API server cannot be asked who this is",
  );
  assert.deepEqual(it.told, ["the API server cannot be asked who may see a page: secret"]);
});
