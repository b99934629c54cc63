import assert from "node:assert/strict";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { type Answer, MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const POD = JSON.stringify(podObject());

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return await new Response(stream).arrayBuffer();
}

/** The text in pieces with pauses: chunked, as the length is not known. */
function dripping(text: string, pieces: number, pauseMs: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const size = Math.ceil(bytes.length / pieces);
  let at = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream({
    cancel: () => clearTimeout(timer),
    async pull(controller) {
      await new Promise((resolve) => timer = setTimeout(resolve, pauseMs));
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += size));
    },
  });
}

async function addAgainst(answer: Answer) {
  await using api = await MisbehavingApi.create(answer);
  await using sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  const started = performance.now();
  const done = await sandbox.call("ADD");
  const took = performance.now() - started;
  return { done, took, rules: await sandbox.rules(), requests: api.requests };
}

test("answers that are unusual but right: gzip, many chunks, a wrong content type, UTF-8 cut by chunks", async () => {
  const packed = await gzip(new TextEncoder().encode(POD));
  const named = podObject({ "example.com/named": "Grüße aus 東京 🚀" });
  for (
    const [what, answer] of [
      ["gzip", () => new Response(packed, { headers: { "content-encoding": "gzip" } })],
      ["chunks", () => new Response(dripping(POD, 40, 5))],
      ["type", () => new Response(POD, { headers: { "content-type": "text/html" } })],
      [
        "UTF-8",
        () => new Response(dripping(JSON.stringify(named), JSON.stringify(named).length, 0)),
      ],
    ] as const
  ) {
    const { done, rules } = await addAgainst(answer);
    assert.equal(done.code, 0, `${what}: ${done.stdout}`);
    assert.match(rules, /KUMA_MESH_INBOUND/);
  }
});

test("answers that are no pod: code 11 in time, and nothing applied", async () => {
  const bomb = await gzip(new Uint8Array(17 * 1024 * 1024));
  const asGzip = { headers: { "content-encoding": "gzip" } };
  const { metadata, ...rest } = podObject() as { metadata: Record<string, unknown> };
  const location = "https://127.0.0.1:1/";
  const cases: [what: string, answer: Answer, says: RegExp][] = [
    ["redirect", () => new Response(null, { status: 302, headers: { location } }), /status 302/],
    ["429", () => new Response("slow down", { status: 429 }), /status 429/],
    ["no gzip", () => new Response("plain", asGzip), /does not answer: /],
    ["a bomb", () => new Response(bomb, asGzip), /longer than \d+ bytes/],
    ["too slow", () => new Response(dripping(POD, 200, 100)), /does not answer within 6\.0 s/],
    ["a list", () => Response.json([podObject()]), /else than a pod/],
    [
      "annotations that are a list",
      () => Response.json({ ...rest, metadata: { ...metadata, annotations: [] } }),
      /else than a pod/,
    ],
    ["depth", () => new Response(`{"metadata":${"[".repeat(20_000)}`), /malformed JSON/],
  ];
  // Side by side: each takes the whole budget.
  await Promise.all(cases.map(async ([what, answer, says]) => {
    const { done, took, rules } = await addAgainst(answer);
    const error = errorOf(done);
    assert.equal(error.code, 11, what);
    assert.match(error.msg, says);
    assert.ok(took < 10_000, `${what}: ${took} ms`);
    assert.doesNotMatch(rules, /KUMA/);
  }));
});

test("a 403 whose words are hostile is one line, short, and holds no token", async () => {
  const message = `no\\u001b[2J\\n"${"x".repeat(5000)} Bearer a-token`;
  const { done, requests } = await addAgainst(() =>
    new Response(`{"message":"${message.replaceAll('"', '\\"')}"}`, { status: 403 })
  );
  const { code, msg } = errorOf(done);
  assert.equal(code, 101);
  assert.equal(requests, 1);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(msg, /[\u0000-\u001f]/);
  assert.ok(msg.length < 600);
});
