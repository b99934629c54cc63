import assert from "node:assert/strict";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

/** The header, and the milliseconds after which the next request has to come: what it says, or the usual. */
const PAUSES: readonly [status: number, header: () => string, least: number][] = [
  [429, () => "2", 2000],
  [503, () => "2", 2000],
  [429, () => new Date(Date.now() + 3500).toUTCString(), 2400],
  [429, () => "0", 300],
  [429, () => "-1", 300],
  [503, () => "1e9", 300],
  [503, () => "1000000000", 300],
  [503, () => "Thu, 01 Jan 1970 00:00:00 GMT", 300],
];

test("429 and 503 with Retry-After: the pod is asked for again after that time; nonsense is passed over", async () => {
  await Promise.all(PAUSES.map(async ([status, header, least]) => {
    const asked: number[] = [];
    await using api = await MisbehavingApi.create(() =>
      asked.push(performance.now()) > 1
        ? Response.json(podObject())
        : new Response("", { status, headers: { "retry-after": header() } })
    );
    await using sandbox = await CniSandbox.create(plugin);
    sandbox.connect(api);
    const done = await sandbox.call("ADD");
    assert.equal(done.code, 0, `${header()}: ${done.stdout}`);
    assert.equal(asked.length, 2);
    const pause = (asked[1] ?? NaN) - (asked[0] ?? NaN);
    assert.ok(pause >= least && pause < least + 1600, `${status} ${header()}: ${pause} ms`);
  }));
});

test("429 that asks for more time than there is: code 11 at once, which says so", async () => {
  const headers = { "retry-after": "60" };
  await using api = await MisbehavingApi.create(() => new Response("", { status: 429, headers }));
  await using sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  const started = performance.now();
  const error = errorOf(await sandbox.call("ADD"));
  assert.ok(performance.now() - started < 3000);
  assert.equal(error.code, 11);
  assert.match(error.msg, /status 429 and asks to wait 60 s/);
  assert.equal(api.requests, 1);
});
