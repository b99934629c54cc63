import { delay } from "core/time/clock.ts";
import assert from "node:assert/strict";
import { silentLogger } from "core/log/logger.ts";
import type { HttpHandler } from "./http_connection.ts";
import { HttpServer, type HttpServerOptions } from "./http_server.ts";

/** Says what came, for tests to see what was taken for what. */
const echo: HttpHandler = async (request) => {
  const { method, path, query } = request;
  if (path === "/unread") return { status: 200, type: "text/plain", text: "unread" };
  if (path === "/throws") throw new Error("secret");
  const body = await request.body(100_000);
  if (!(body instanceof Uint8Array)) return { ...body, type: "text/plain", text: body.why };
  const text = `${method} ${path}?${query} ${new TextDecoder().decode(body)}`;
  return { status: 200, type: "text/plain", text };
};

async function served(
  use: (server: HttpServer) => Promise<void>,
  over: Partial<HttpServerOptions> = {},
): Promise<void> {
  const server = new HttpServer({
    hostname: "127.0.0.1",
    port: 0,
    code: "KUMA-WH-024",
    answer: echo,
    log: silentLogger,
    ...over,
  });
  try {
    await use(server);
  } finally {
    await server.drain(0);
  }
}

const connect = (server: HttpServer) => Deno.connect({ hostname: "127.0.0.1", port: server.port });

async function send(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** All that is answered until the server ends the connection. */
async function rest(connection: Deno.Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const size = await connection.read(buffer);
    if (size === null) return text;
    text += new TextDecoder().decode(buffer.subarray(0, size));
  }
}

/** The answers to what is sent on one connection: status and last line of each. */
async function answers(server: HttpServer, ...pieces: string[]): Promise<string[]> {
  using connection = await connect(server);
  for (const piece of pieces) {
    await send(connection, piece);
    if (pieces.length > 1) await delay(5);
  }
  await connection.closeWrite();
  const all = (await rest(connection)).split(/(?=HTTP\/1\.1 \d{3})/).filter((one) => one !== "");
  return all.map((one) => `${one.slice(9, 12)} ${one.split("\r\n\r\n")[1]?.trim() ?? ""}`.trim());
}

const HOST = "Host: a\r\n";
const post = (lines: string, body: string) => `POST /a HTTP/1.1\r\n${HOST}${lines}\r\n${body}`;
const chunked = (body: string) => post("Transfer-Encoding: chunked\r\n", body);
const GET = `GET /b?c HTTP/1.1\r\n${HOST}\r\n`;

Deno.test("requests one after the other on one connection, sent at once or byte by byte", () =>
  served(async (server) => {
    const all = post("Content-Length: 5\r\n", "hello") + chunked("3\r\nabc\r\n0\r\n\r\n") + GET;
    const wanted = ["200 POST /a? hello", "200 POST /a? abc", "200 GET /b?c"];
    assert.deepEqual(await answers(server, all), wanted);
    assert.deepEqual(await answers(server, ...all.match(/[^]{1,7}/g) ?? []), wanted);
  }));

Deno.test("nothing can be smuggled: after a request that is none nothing more is read", () =>
  served(async (server) => {
    const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    const hidden: Record<string, string> = {
      "length and chunks": post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      "two lengths": post("Content-Length: 0\r\nContent-Length: 40\r\n", ""),
      "a coding that is none": post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
      "a bare line feed ends a header": post("X: a\nContent-Length: 40\r\n", ""),
      "a folded line": post("X: a\r\n Content-Length: 40\r\n", ""),
      "a chunk's extension": chunked("1;a=\n\r\nx\r\n0\r\n\r\n"),
      "a chunk's end that is none": chunked("1\r\nxx0\r\n\r\n"),
      "a chunk without an end": chunked("5\r\nhello0\r\n\r\n"),
      "a chunk too large for a number": chunked("100000000000000000005\r\nhello\r\n0\r\n\r\n"),
      "a negative chunk": chunked("-1\r\nhello\r\n0\r\n\r\n"),
      "a trailer": chunked("0\r\nContent-Length: 40\r\n\r\n"),
      "an old version with chunks": chunked("0\r\n\r\n").replace("1.1", "1.0"),
      "an empty line first": `\r\n${GET}`,
      "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    for (const [name, text] of Object.entries(hidden)) {
      const found = await answers(server, text + smuggled);
      assert.equal(found.length, 1, `${name}: ${found}`);
      assert.match(found[0] ?? "", /^(400|505) /, name);
    }
  }));

Deno.test("a body that nobody read ends the connection, and is no request", () =>
  served(async (server) => {
    const inner = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    const outer = post(`Content-Length: ${inner.length}\r\n`, inner).replace("/a", "/unread");
    assert.deepEqual(await answers(server, outer + GET), ["200 unread"]);
  }));

Deno.test("HEAD has no body, errors show nothing, and who asks to close is closed", () =>
  served(async (server) => {
    assert.deepEqual(await answers(server, GET.replace("GET", "HEAD") + GET), [
      "200",
      "200 GET /b?c",
    ]);
    const thrown = await answers(server, GET.replace("/b?c", "/throws") + GET);
    assert.match(thrown[0] ?? "", /^500 the server failed/);
    assert.equal(thrown.length, 2);
    assert.deepEqual(
      await answers(server, GET.replace(HOST, `${HOST}Connection: close\r\n`) + GET),
      [
        "200 GET /b?c",
      ],
    );
  }));

Deno.test("a client that waits for it is told to go on, once there is room, and none that sends at once", () =>
  served(async (server) => {
    using connection = await connect(server);
    await send(connection, post("Content-Length: 2\r\nExpect: 100-continue\r\n", ""));
    const buffer = new Uint8Array(1000);
    const size = await connection.read(buffer);
    const interim = new TextDecoder().decode(buffer.subarray(0, size ?? 0));
    assert.equal(interim, "HTTP/1.1 100 Continue\r\n\r\n");
    await send(connection, "{}");
    await connection.closeWrite();
    assert.match(await rest(connection), /^HTTP\/1\.1 200 .*\r\n\r\nPOST \/a\? \{\}$/s);
    const tooLong = post("Content-Length: 200000\r\nExpect: 100-continue\r\n", "");
    assert.deepEqual(await answers(server, tooLong), ["413 the body is longer than 100000 bytes"]);
    const atOnce = post("Content-Length: 2\r\nExpect: 100-continue\r\n", "{}");
    assert.deepEqual(await answers(server, atOnce), ["200 POST /a? {}"]);
  }));

Deno.test("heads and bodies up to their limits, and no byte more", () =>
  served(async (server) => {
    const padded = (bytes: number) =>
      GET.replace(HOST, `${HOST}X: ${"a".repeat(bytes - GET.length - "X: \r\n".length)}\r\n`);
    const most = 32 * 1024;
    assert.equal(padded(most).length, most);
    assert.deepEqual(await answers(server, padded(most) + GET), ["200 GET /b?c", "200 GET /b?c"]);
    assert.match((await answers(server, padded(most + 1)))[0] ?? "", /^431 /);
    const unfinished = GET.slice(0, -2) + "X: a\r\n".repeat(9000);
    assert.match((await answers(server, unfinished))[0] ?? "", /^431 /);
    const half = `5000\r\n${"a".repeat(0x5000)}\r\n`;
    assert.match((await answers(server, chunked(`${half.repeat(4)}0\r\n\r\n`)))[0] ?? "", /^200 /);
    assert.match((await answers(server, chunked(half.repeat(20))))[0] ?? "", /^413 /);
    assert.match((await answers(server, post("Content-Length: 9\r\n", "half")))[0] ?? "", /^400 /);
  }));

Deno.test("what is half-sent gives its bytes to who sends all", () =>
  served(async (server) => {
    // Room for one and a half: 64 KiB more are counted for what has not come.
    using half = await connect(server);
    await send(half, post("Content-Length: 90000\r\n", "a"));
    await delay(150);
    using whole = await connect(server);
    await send(whole, post("Content-Length: 90000\r\nConnection: close\r\n", "a".repeat(90_000)));
    assert.match(await rest(whole), /^HTTP\/1\.1 200 /);
    assert.equal(await rest(half).catch(() => ""), "", "cut without an answer");
  }, { budget: 250_000 }));

Deno.test("who connects finds a place, and one peer's connections make room for each other", () =>
  served(async (server) => {
    const silent = await Promise.all(Array.from({ length: 8 }, () => connect(server)));
    try {
      assert.deepEqual(await answers(server, GET), ["200 GET /b?c"]);
      assert.ok(server.connections <= 6, `${server.connections}`);
    } finally {
      for (const connection of silent) connection.close();
    }
  }, { connections: 8 }));

Deno.test("drain: idle connections end, the last answer says so", () =>
  served(async (server) => {
    using idle = await connect(server);
    await send(idle, GET);
    await idle.read(new Uint8Array(1000));
    server.wind();
    using late = await connect(server);
    await send(late, GET);
    assert.match(await rest(late), /connection: close\r\n.*GET \/b\?c $/s);
    assert.equal(await server.drain(5000), 0);
    assert.equal(await idle.read(new Uint8Array(10)).catch(() => null), null);
    await assert.rejects(connect(server), Deno.errors.ConnectionRefused);
  }));
