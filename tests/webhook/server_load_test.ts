/**
 * The admission server under a load of 200 reviews a second: certificates that change, a server that
 * ends, large answers.
 */
import assert from "node:assert/strict";
import { describeLoad, type LoadOptions, type LoadResult, runLoad } from "../bench/webhook_load.ts";
import { signalProcess, sleep, waitUntil } from "../support/processes.ts";
import { reviewText, testAuthority } from "./server_pki.ts";

const { caPem, issue } = await testAuthority();

/** A server in a process of its own, which serves for so long after it was asked to end. */
async function startSubject(noticeMs = 1000) {
  const folder = await Deno.makeTempDir({ prefix: "kuma-webhook-test-" });
  // Made before, so that changing them takes no time under load.
  const pairs = await Promise.all(Array.from({ length: 10 }, issue));
  let turn = 0;
  const change = () => {
    // At once: the signal of the last change may be looked at while this one is made.
    Deno.writeTextFileSync(`${folder}/new`, JSON.stringify(pairs[turn++ % pairs.length]));
    Deno.renameSync(`${folder}/new`, `${folder}/pair.json`);
  };
  change();
  const program = new URL("./server_subject.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", program, folder, String(noticeMs)],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number((await reader.read()).value);
  return {
    pid: child.pid,
    port,
    status: child.status,
    change: () => {
      change();
      signalProcess(child.pid, "SIGUSR1");
    },
    async [Symbol.asyncDispose]() {
      signalProcess(child.pid, "SIGKILL");
      await child.status;
      await reader.cancel();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Fails with the figures and the first error. */
function assertNoError(result: LoadResult): void {
  assert.equal(result.errors[0], undefined, describeLoad(result));
}

const load = (over: Partial<LoadOptions> & Pick<LoadOptions, "target">) =>
  runLoad({
    serverName: "localhost",
    caPem: () => caPem,
    path: "/echo",
    body: (n) => reviewText(`n${n}`, 6000),
    fault: ({ status, text }, n) =>
      status === 200 && text.includes(`"n${n}"`) ? undefined : `${status} ${text.slice(0, 200)}`,
    ...over,
  });

Deno.test("no request fails while certificates change, on kept and on new connections", async () => {
  await using subject = await startSubject();
  const target = () => ({ hostname: "127.0.0.1", port: subject.port });
  const stop = new AbortController();
  const changes = (async () => {
    let count = 0;
    for (; !stop.signal.aborted; count++, await sleep(50)) subject.change();
    return count;
  })();
  const [kept, fresh] = await Promise.all([
    load({ target, seconds: 5, rate: 100 }),
    load({ target, seconds: 5, rate: 100, requestsPerConnection: 1 }),
  ]);
  stop.abort();
  assert.ok(await changes > 40, "the certificate changed again and again");
  assertNoError(kept);
  assertNoError(fresh);
  assert.ok(fresh.connections > 400);
});

Deno.test("no request fails when a replica ends under load", async () => {
  // As in production the notice is far longer than the Service takes to know.
  await using first = await startSubject(4000);
  await using second = await startSubject();
  // Like a Service: both, until the endpoint of the one that ends is gone.
  let ports = [first.port, second.port];
  let turn = 0;
  const target = () => ({ hostname: "127.0.0.1", port: ports[turn++ % ports.length] ?? 0 });
  const running = Promise.all([
    load({ target, seconds: 8, rate: 150 }),
    load({ target, seconds: 8, rate: 50, requestsPerConnection: 2 }),
  ]);
  await sleep(2000);
  signalProcess(first.pid, "SIGTERM");
  await sleep(500);
  ports = [second.port];
  const [kept, fresh] = await running;
  assertNoError(kept);
  assertNoError(fresh);
  assert.equal((await first.status).code, 0);
});

Deno.test("reviews are answered in milliseconds, large patches and large pods without a stall", async () => {
  await using subject = await startSubject();
  const target = () => ({ hostname: "127.0.0.1", port: subject.port });
  const small = await load({ target, seconds: 5, pid: subject.pid });
  assertNoError(small);
  // Generous beside the bench's bound: tests share the machine.
  assert.ok(small.p50 < 5, describeLoad(small));
  const fault: LoadOptions["fault"] = ({ status, text }) =>
    status === 200 && text.includes('"patchType"') ? undefined : `${status}`;
  // Nagle's algorithm meeting a delayed ACK would show as 40 ms: see no_delay.ts.
  for (const size of [1000, 10_000, 20_000, 40_000, 300_000]) {
    const body = () => reviewText(String(size));
    const some = await load({ target, seconds: 2, rate: 25, path: "/patch", body, fault });
    assertNoError(some);
    assert.ok(some.p50 < 30, `${size} bytes: ${describeLoad(some)}`);
  }
  const fresh = await load({ target, seconds: 2, rate: 25, requestsPerConnection: 1 });
  assertNoError(fresh);
  assert.ok(fresh.p50 < 30, `new connections: ${describeLoad(fresh)}`);
  const pods = await load({
    target,
    seconds: 2,
    rate: 4,
    warmUp: 0,
    body: (n) => reviewText(`n${n}`, 3e6),
  });
  assertNoError(pods);
});

Deno.test("a client that stops in the middle of a request does not hold up the end", async () => {
  await using subject = await startSubject();
  using connection = await Deno.startTls(
    await Deno.connect({ hostname: "127.0.0.1", port: subject.port }),
    { hostname: "localhost", caCerts: [caPem], alpnProtocols: ["http/1.1"] },
  );
  await connection.write(new TextEncoder().encode("POST /echo HTTP/1.1\r\nhost: a\r\n"));
  signalProcess(subject.pid, "SIGTERM");
  const started = performance.now();
  let ended = false;
  void subject.status.then(({ success }) => ended = success);
  await waitUntil("the server has ended", () => ended, { timeoutMs: 20_000 });
  assert.ok(performance.now() - started < 19_000);
});
