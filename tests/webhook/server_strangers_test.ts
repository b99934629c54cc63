/**
 * The compiled program in the memory that its own Deployment gives it, and one client that nobody knows: what
 * that client sends, holds open or leaves half-sent, `/healthz` and ordinary reviews are answered all the time.
 */
import assert from "node:assert/strict";
import { startApiServer } from "../kube/apiserver.ts";
import { LimitedGroup } from "../support/limited_group.ts";
import { sleep, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { Program } from "./program.ts";
import { Stranger } from "./server_stranger.ts";
import { witness } from "./server_witness.ts";
import { furnishKuma } from "./test_webhook.ts";

const test = requires("etcd", "cgroup-limits");
const MIB = 1024 * 1024;
/** `resources.limits.memory` of the Deployment. */
const MEMORY = 384 * MIB;

const HEAD = "POST /inject-sidecar HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
const withLength = (length: number) => `${HEAD}Content-Length: ${length}\r\n\r\n`;

/** A review whose object is this JSON. */
const reviewOf = (object: string, namespace = "default") =>
  `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u",` +
  `"kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE",` +
  `"namespace":"${namespace}","object":${object}}}`;

/** A pod with so many bytes of labels. */
function labelled(bytes: number): string {
  const labels = Array.from({ length: bytes / 30 }, (_, n) => `"label-${n}":"value-${n}"`);
  return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{` +
    `"kuma.io/sidecar-injection":"enabled",${labels.join(",")}}},` +
    `"spec":{"containers":[{"name":"app","image":"app:1"}]}}`;
}

/** Does it while others ask; they are answered, and the program lives on with what it has. */
async function during(
  name: string,
  program: Program,
  group: LimitedGroup,
  attack: (stranger: Stranger) => Promise<void>,
): Promise<void> {
  const { begun, stop } = witness(program);
  let seen;
  using stranger = new Stranger(program);
  try {
    await begun;
    await attack(stranger);
    await sleep(500);
  } finally {
    seen = await stop();
  }
  const peak = Math.round(group.peakBytes / MIB);
  const text = `${seen.asked} asked, slowest ${seen.slowest.toFixed(0)} ms, peak ${peak} MiB`;
  assert.deepEqual(seen.faults, [], `${name}: ${text}\n${program.said.slice(-2000)}`);
  assert.ok(seen.asked >= 4, text);
  // Room is left: where there is none, it is luck whether the program lives.
  assert.ok(peak < 0.9 * MEMORY / MIB, text);
}

test("a stranger keeps nobody waiting, and takes no more memory than there is", async (t) => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  using group = new LimitedGroup({ memoryBytes: MEMORY, milliCpu: 2000 });
  await using program = await Program.start(cluster, { args: ["--drain-time", "0"] });
  group.join(program.pid);
  await program.untilReady();
  const attack = (name: string, how: (stranger: Stranger) => Promise<void>) =>
    t.step(name, () => during(name, program, group, how));

  await attack("1,100 connections with an unfinished head", async (stranger) => {
    await stranger.send(1100, HEAD);
  });
  await attack("three bodies of 8.3 MB of empty lists, again and again", async (stranger) => {
    const lists = new TextEncoder().encode(`[${"[],".repeat(8_300_000 / 3 - 2)}[]]`);
    for (let round = 0; round < 3; round++) {
      const all = await Promise.all([0, 1, 2].map(() => stranger.ask("/inject-sidecar", lists)));
      assert.deepEqual(all, [413, 413, 413]);
    }
  });
  await attack("680 bodies of 131,000 bytes that never end", async (stranger) => {
    await stranger.send(680, withLength(131_000) + " ".repeat(130_999));
  });
  await attack("680 bodies of 131,000 bytes that end", async (stranger) => {
    await stranger.send(680, withLength(131_000) + reviewOf("{}").padEnd(131_000));
    await waitUntil("all were answered", () => stranger.answers.length === 680);
    assert.deepEqual([...new Set(stranger.answers)], ["HTTP/1.1 200 OK"]);
  });
  await attack("580 connections with 380 KB of unfinished head", async (stranger) => {
    const lines = Array.from({ length: 95 }, (_, n) => `X-${n}: ${"a".repeat(4000)}\r\n`);
    await stranger.send(580, HEAD + lines.join(""));
    await waitUntil("all were answered", () => stranger.answers.length === 580);
    assert.deepEqual([...new Set(stranger.answers)], [
      "HTTP/1.1 431 Request Header Fields Too Large",
    ]);
  });
  await attack("HTTP/2 without ALPN", async (stranger) => {
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    await stranger.send(20, preface + "\0".repeat(130_000), []);
    await waitUntil("all were answered", () => stranger.answers.length === 20);
    assert.deepEqual([...new Set(stranger.answers)], ["HTTP/1.1 505 HTTP Version Not Supported"]);
  });
  await attack("6 MB of labels to be explained, and to be injected", async (stranger) => {
    const pod = labelled(6e6);
    assert.equal(await stranger.ask("/explain", pod), 401);
    const { status, text } = await program.get("/explain", { method: "POST", body: pod });
    assert.equal(status, 413, text);
    const most = await program.get("/explain", { method: "POST", body: labelled(1e6) });
    assert.ok([200, 413].includes(most.status), most.text.slice(0, 200));
    assert.equal(typeof await stranger.ask("/inject-sidecar", reviewOf(pod)), "number");
  });
  await attack("as many values as there may be, ten times at once", async (stranger) => {
    const many =
      `{"metadata":{"labels":{"kuma.io/sidecar-injection":"enabled"}},"spec":{"containers":` +
      `[{"name":"a","image":"a","args":["a"${',""'.repeat(95_000)}]}]}}`;
    const all = Array.from({ length: 10 }, () => stranger.ask("/inject-sidecar", reviewOf(many)));
    for (const status of await Promise.all(all)) {
      assert.ok(status === 200 || status === 503, `${status}`);
    }
  });
  await attack("eight times 95,000 labels at once", async (stranger) => {
    const pod = reviewOf(labelled(95_000 * 30));
    const all = Array.from({ length: 8 }, () => stranger.ask("/inject-sidecar", pod));
    for (const status of await Promise.all(all)) assert.equal(typeof status, "number", `${status}`);
  });
  await attack("10,000 levels", async (stranger) => {
    const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    assert.equal(await stranger.ask("/inject-sidecar", reviewOf(deep)), 413);
  });
  await attack("bodies in chunks that never end", async (stranger) => {
    const chunk = `10000\r\n${" ".repeat(65_536)}\r\n`;
    const text = `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(20)}`;
    await stranger.send(200, text);
  });
  await attack("answers that nobody reads", async (stranger) => {
    const pod = reviewOf(labelled(200_000));
    await stranger.send(100, withLength(pod.length) + pod);
  });
  await attack("1,100 connections that ask once and stay", async (stranger) => {
    await stranger.send(1100, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  });
  await attack("20,000 malformed requests in a row", async (stranger) => {
    const one = "GET /inject-sidecar HTTP/1.1\r\nHost: a\r\n\r\n";
    await stranger.send(20, one.repeat(1000));
  });

  await t.step("the log is short, and says what was wrong", async () => {
    const { code, log } = await program.end();
    assert.equal(code, 0, log.slice(-2000));
    assert.match(log, /malformed request: 405 .*"times":\d{3}/);
    assert.ok(log.split("\n").length < 1200, `${log.split("\n").length} lines`);
  });
});
