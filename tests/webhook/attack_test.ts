/**
 * The compiled program under attack: what a client may send, hold open or exhaust, it answers ordinary
 * requests afterwards, and ends when asked to.
 */
import assert from "node:assert/strict";
import { startApiServer } from "../kube/apiserver.ts";
import { run, sleep, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { Program } from "./program.ts";
import { reviewText } from "./server_pki.ts";
import { furnishKuma } from "./test_webhook.ts";

const test = requires("etcd");

/** Whether an ordinary review is answered. */
async function works(program: Program): Promise<boolean> {
  const { status, text } = await program.get("/validate-v1-service", {
    method: "POST",
    body: reviewText("a"),
    headers: { "content-type": "application/json" },
  });
  return status === 200 && text.includes('"allowed":true');
}

function connect(program: Program): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port: program.port });
}

/** A decrypted connection. */
async function secure(program: Program): Promise<Deno.TlsConn> {
  const connection = await Deno.startTls(await connect(program), {
    hostname: "localhost",
    caCerts: [program.authority.certificate],
    alpnProtocols: ["http/1.1"],
  });
  await connection.handshake();
  return connection;
}

/** The first bytes of the answer to some bytes; empty when the connection was closed instead. */
async function answerTo(program: Program, text: string): Promise<string> {
  using connection = await secure(program);
  await connection.write(new TextEncoder().encode(text));
  const buffer = new Uint8Array(4096);
  const size = await connection.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, size ?? 0));
}

test("requests that two servers could read in two ways are refused", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await using program = await Program.ready(cluster, { args: ["--drain-time", "0"] });
  const head =
    "POST /validate-v1-service HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
  const refused: Record<string, string> = {
    "two lengths": `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
    "a list of lengths": `${head}Content-Length: 2, 2\r\n\r\n{}`,
    "a signed length": `${head}Content-Length: +2\r\n\r\n{}`,
    "an unknown coding": `${head}Transfer-Encoding: xchunked\r\n\r\n{}`,
    "a space before the colon": `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    "a folded line": `${head}X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}`,
    "chunks in HTTP/1.0": `${
      head.replace("1.1", "1.0")
    }Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "a Host that makes no URL": "GET /healthz HTTP/1.1\r\nHost: [::1%eth0]:x\r\n\r\n",
    "a NUL": "GET /healthz\0 HTTP/1.1\r\nHost: a\r\n\r\n",
  };
  for (const [name, text] of Object.entries(refused)) {
    assert.match(await answerTo(program, text), /^HTTP\/1\.1 (400|505) /, name);
  }
  assert.ok(await works(program));
  const { log } = await program.end();
  assert.doesNotMatch(log, /^(?!\{)./m, "every line of the log is a record");
});

test("idle connections make room for new ones, and a client that never closes holds nothing", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await using program = await Program.ready(cluster, { args: ["--drain-time", "0"] });
  const held: Deno.Conn[] = [];
  try {
    // More than the limit, none of which ever reads or closes.
    for (let n = 0; n < 1025; n++) held.push(await secure(program));
    assert.ok(await works(program));
    const connections = async () =>
      Number(/^kuma_webhook_connections (\d+)$/m.exec((await program.get("/metrics")).text)?.[1]);
    await waitUntil("those that made room are gone", async () => await connections() <= 769);
    const started = performance.now();
    const { code, log } = await program.end();
    assert.equal(code, 0, log);
    assert.ok(performance.now() - started < 8000, "it does not wait for them");
    assert.ok(log.split("\n").length < 100, "no flood in the log");
  } finally {
    for (const connection of held) connection.close();
  }
});

test("large bodies on many connections share what memory there is, and keep nobody else out", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await using program = await Program.ready(cluster, { args: ["--drain-time", "0"] });
  const length = 8 * 1024 * 1024;
  const head = `POST /inject-sidecar HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${length}\r\n\r\n`;
  const part = new Uint8Array(256 * 1024).fill(0x20);
  const answered: string[] = [];
  /** Sends all but the end; what is not taken, or answered before that, stays unsent. */
  const hold = async (connection: Deno.TlsConn) => {
    const ended = () => answered.push("early");
    void connection.read(new Uint8Array(4096)).then(ended, ended);
    await connection.write(new TextEncoder().encode(head));
    for (let sent = 0; sent < length - part.length; sent += part.length) {
      for (let at = 0; at < part.length;) at += await connection.write(part.subarray(at));
    }
  };
  const held = await Promise.all(Array.from({ length: 60 }, () => secure(program)));
  try {
    for (const connection of held) void hold(connection).catch(() => undefined);
    await waitUntil(
      "those for which there is no room made room or were told",
      () => answered.length > 40,
    );
    const status = Deno.readTextFileSync(`/proc/${program.pid}/status`);
    const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    // What the manifests allow; without a bound it was above 550.
    assert.ok(peak < 384, `${peak} MiB`);
    assert.ok(await works(program));
  } finally {
    for (const connection of held) connection.close();
  }
  const pod = reviewText("a", length / 2);
  await waitUntil("a large request is served again", async () => {
    const headers = { "content-type": "application/json" };
    return (await program.get("/validate-v1-service", { method: "POST", body: pod, headers }))
      .status === 200;
  });
});

test("too few files: it says so, and works again once there are enough", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await using program = await Program.ready(cluster, { args: ["--drain-time", "0"], files: 64 });
  assert.ok(await works(program));
  const held: Deno.Conn[] = [];
  for (let n = 0; n < 40; n++) held.push(await connect(program));
  await sleep(6000); // troubles are told every five seconds
  for (const connection of held) connection.close();
  await waitUntil("it works again", () => works(program), { timeoutMs: 40_000 });
  const { code, log } = await program.end();
  assert.equal(code, 0, log);
  assert.match(log, /connections in trouble.*Too many open files/);
});

test("a port that is taken, and one that is free again", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await using first = await Program.ready(cluster);
  const environment = { KUMA_RUNTIME_KUBERNETES_ADMISSION_SERVER_PORT: String(first.port) };
  await using second = await Program.start(cluster, { environment });
  const { code, log } = await second.ended();
  assert.equal(code, 1);
  assert.match(log, /^Error: Cannot listen on 127\.0\.0\.1:\d+: .*\[KUMA-WH-024\]$/m);
  using _open = await secure(first);
  await first.end("SIGKILL");
  await using third = await Program.start(cluster, { environment, args: ["--drain-time", "0"] });
  await waitUntil("the next one serves", async () => {
    const { stdout } = await run("openssl", ["s_client", "-connect", `127.0.0.1:${first.port}`], {
      stdin: "",
    });
    return stdout.includes("BEGIN CERTIFICATE");
  });
  assert.equal((await third.end()).code, 0);
});

test("SIGTERM in the middle of a handshake", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await using program = await Program.ready(cluster, { args: ["--drain-time", "0"] });
  using connection = await connect(program);
  await connection.write(new Uint8Array([0x16, 3, 1, 0, 100]));
  const started = performance.now();
  const { code } = await program.end();
  assert.equal(code, 0);
  assert.ok(performance.now() - started < 13_000, "no longer than a handshake may take");
});
