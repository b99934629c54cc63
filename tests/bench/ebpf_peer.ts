/**
 * One of the three programs of a request's way, with sockets that block: `server`, `relay` (the sidecar), `client`.
 *
 *     deno run -A ebpf_peer.ts ROLE KIND SERVER POD COUNT SIZE
 *
 * KIND is `echo` (each request is answered before the next one) or `bulk` (one way). The client prints its
 * microseconds: of each request, or of all.
 *
 * @module
 */
import { encodeEndpoint, type Endpoint } from "tests/support/traffic/endpoint.ts";
import { asUser, checked, libc } from "tests/support/traffic/socket_calls.ts";

const SOCK_STREAM = 1,
  AF_INET = 2,
  SOL_SOCKET = 1,
  SO_REUSEADDR = 2,
  IPPROTO_TCP = 6,
  TCP_NODELAY = 1;
const APP = 1000, SIDECAR = 5678;
const NOBODY = { address: "0.0.0.0", port: 0 };

// Sizes as 32 bits: with 64, the runtime makes a BigInt at each call, and would be measured too.
const { recv, send: sendSome } = Deno.dlopen("libc.so.6", {
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
}).symbols;

const [role = "", kind = "", server = "", pod = "", count = "", size = ""] = Deno.args;
const buffer = new Uint8Array(Math.max(Number(size), 1 << 16));

function make(uid: number, at: Endpoint): number {
  const fd = asUser(uid, () => checked("socket", libc().socket(AF_INET, SOCK_STREAM, 0)));
  const one = Int32Array.of(1);
  checked("setsockopt", libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, one, 4));
  checked("setsockopt", libc().setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4));
  const name = encodeEndpoint(at);
  checked("bind", libc().bind(fd, name, name.length));
  return fd;
}

function listen(uid: number, port: number): number {
  const fd = make(uid, { address: "0.0.0.0", port });
  checked("listen", libc().listen(fd, 16));
  return fd;
}

function connect(uid: number, from: Endpoint, to: Endpoint): number {
  const fd = make(uid, from);
  const name = encodeEndpoint(to);
  asUser(uid, () => checked("connect", libc().connect(fd, name, name.length)));
  return fd;
}

function receive(fd: number, most: number): number {
  return checked("recv", recv(fd, buffer, most, 0));
}

function send(fd: number, length: number): void {
  for (let sent = 0; sent < length;) {
    const rest = sent === 0 ? buffer : buffer.subarray(sent);
    sent += checked("send", sendSome(fd, rest, length - sent, 0));
  }
}

function receiveAll(fd: number, length: number): void {
  for (let got = 0; got < length;) {
    const more = receive(fd, length - got);
    if (more === 0) throw new Error("the connection ended early");
    got += more;
  }
}

function serve(): void {
  const listener = listen(APP, 8080);
  ready();
  const fd = checked("accept", libc().accept4(listener, null, null, 0));
  for (let got = 0; (got = receive(fd, buffer.length)) > 0;) if (kind === "echo") send(fd, got);
  // The client takes the end for the news that all has come.
  libc().close(fd);
}

function relay(): void {
  const listener = listen(SIDECAR, 15001);
  ready();
  const near = checked("accept", libc().accept4(listener, null, null, 0));
  checked("setsockopt", libc().setsockopt(near, IPPROTO_TCP, TCP_NODELAY, Int32Array.of(1), 4));
  const far = connect(SIDECAR, { address: "127.0.0.6", port: 0 }, { address: pod, port: 8080 });
  for (let got = 0; (got = receive(near, buffer.length)) > 0;) {
    send(far, got);
    if (kind === "echo") {
      receiveAll(far, got);
      send(near, got);
    }
  }
  checked("shutdown", libc().shutdown(far, 1));
  receive(far, 1);
  libc().close(far);
  libc().close(near);
}

function call(): void {
  const times: number[] = [];
  const fd = connect(
    APP,
    NOBODY,
    server.includes(":") ? pair(server) : { address: server, port: 80 },
  );
  const begin = performance.now();
  for (let i = 0; i < Number(count); i++) {
    const started = performance.now();
    send(fd, Number(size));
    if (kind !== "echo") continue;
    receiveAll(fd, Number(size));
    times.push(Math.round((performance.now() - started) * 1e6) / 1e3);
  }
  if (kind === "bulk") {
    checked("shutdown", libc().shutdown(fd, 1));
    receive(fd, 1);
    times.push((performance.now() - begin) * 1000);
  }
  libc().close(fd);
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(times)));
}

function pair(text: string): Endpoint {
  const [address = "", port = ""] = text.split(":");
  return { address, port: Number(port) };
}

function ready(): void {
  Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
}

({ server: serve, relay, client: call }[role] ?? (() => {
  throw new TypeError(`no role ${role}`);
}))();
