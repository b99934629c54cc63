/** Sockets of application and proxy that are joined: what the one sends, the other has, and no packet is between. */
import assert from "node:assert/strict";
import { SocketError } from "tests/support/traffic/socket_calls.ts";
import { requires } from "tests/support/requires.ts";
import { OUTSIDE, POD, PodLab, SIDECAR } from "./pod_lab.ts";
import { Socket } from "./socket.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const EPIPE = 32;
const test = requires("root", "netns", "bpf-build", "cgroup2");
const TEXT = "0123456789abcdef".repeat(32768);

/** Sends both ways in turn and reads all; both ends see the farewell after the last byte. */
function exchange(one: Socket, other: Socket): void {
  for (const [from, to] of [[one, other], [other, one]] as const) {
    let got = "";
    for (let sent = 0; sent < TEXT.length; sent += 16384) {
      from.send(TEXT.slice(sent, sent + 16384));
      got += to.receive()?.text;
    }
    while (got.length < TEXT.length) got += to.receive()?.text;
    assert(got === TEXT, `${got.length} bytes came, or others than were sent`);
  }
  one.send("last");
  one.shutdown();
  assert.equal(other.receive()?.text, "last");
  assert.equal(other.receive()?.text, "");
  assert.throws(
    () => one.send("more"),
    (error) => error instanceof SocketError && error.errno === EPIPE,
  );
  other.send("answer to the last");
  assert.equal(one.receive()?.text, "answer to the last");
}

/** A client of the proxy, and the proxy's end. */
function connected(lab: PodLab, proxy: Socket): [Socket, Socket] {
  const client = lab.application();
  assert.equal(client.connect({ address: OUTSIDE.ipv4, port: 80 }), 0);
  const accepted = proxy.accept();
  assert(accepted !== undefined);
  return [client, accepted];
}

const joined = () => PodLab.create([], { accelerate: true }, { accelerate: true });

test(
  "joined sockets have every byte in order, and leave nothing behind",
  OPEN_LIBRARIES,
  async (t) => {
    await using lab = await joined();
    using proxy = lab.proxy(15001);
    using accelerated = lab.map("accelerated");
    using connections = lab.map("joined");
    await t.step("of the application and the proxy", () => {
      const [client, accepted] = connected(lab, proxy);
      using _client = client, _accepted = accepted;
      assert.deepEqual([accelerated.keys().length, connections.keys().length], [2, 1]);
      assert.equal(accepted.original?.port, 80);
      exchange(client, accepted);
      assert.deepEqual([client.segmentsSent, accepted.segmentsSent], [0, 0]);
    });
    await t.step("of the proxy and its application", () => {
      using server = Socket.listen({ ns: lab.pod.name, uid: 1000, port: 8080 });
      using client = Socket.create({ ns: lab.pod.name, uid: SIDECAR });
      client.bind({ address: "127.0.0.6", port: 0 });
      assert.equal(client.connect({ address: POD.ipv4, port: 8080 }), 0);
      using accepted = server.accept();
      assert(accepted !== undefined);
      exchange(client, accepted);
      assert.deepEqual([client.segmentsSent, accepted.segmentsSent], [0, 0]);
    });
    await t.step("not of others, and not of a pod that did not ask for it", async () => {
      using server = Socket.listen({ ns: lab.pod.name, uid: 1000, port: 8080 });
      const speak = (client: Socket, listener: Socket) => {
        using accepted = listener.accept();
        client.send("x");
        assert.equal(accepted?.receive()?.text, "x");
        assert.notEqual(client.segmentsSent, 0);
      };
      using local = lab.application();
      assert.equal(local.connect({ address: "127.0.0.1", port: 8080 }), 0);
      speak(local, server);
      await lab.configure([], { accelerate: false });
      using plain = lab.application();
      assert.equal(plain.connect({ address: OUTSIDE.ipv4, port: 80 }), 0);
      speak(plain, proxy);
    });
    assert.deepEqual(accelerated.keys(), []);
    assert.deepEqual(connections.keys(), []);
  },
);

test("large transfers go over to TCP, and no byte overtakes another", OPEN_LIBRARIES, async () => {
  await using lab = await joined();
  using proxy = lab.proxy(15001);
  using accelerated = lab.map("accelerated");
  const [client, accepted] = connected(lab, proxy);
  using _client = client, _accepted = accepted;
  // Numbers, so that a part that is lost or overtakes shows; never more unread than a TCP socket takes.
  const numbers = Array.from({ length: 600_000 }, (_, i) => `${i} `).join("");
  const transfer = (from: Socket, to: Socket) => {
    let got = "", sent = 0;
    for (let size = 1; sent < numbers.length; size = size * 7 % 60013) {
      from.send(numbers.slice(sent, sent + size));
      sent = Math.min(numbers.length, sent + size);
      while (sent - got.length > 200_000) got += to.receive()?.text;
    }
    while (got.length < numbers.length) got += to.receive()?.text;
    assert(got === numbers, "bytes are lost, or overtook others");
  };
  transfer(client, accepted);
  assert(client.segmentsSent > 0);
  // The end that had received nothing until then is no longer in the map: it has the kernel's own recv(2) back.
  assert.equal(accelerated.keys().length, 1);
  transfer(accepted, client);
  assert(accepted.segmentsSent > 0);
});

test("what came before an end was joined is read first", OPEN_LIBRARIES, async () => {
  await using lab = await joined();
  using proxy = lab.proxy(15001);
  // The last packet of the handshake is lost, so that the proxy's end is made by the first one with data.
  const rules = `table ip lost {
    chain input {
      type filter hook input priority 0;
      tcp dport 15001 tcp flags & (syn | ack | psh | fin | rst) == ack meta length 52 drop
    }
  }`;
  const done = await lab.pod.run("nft", ["-f", "-"], { stdin: rules });
  assert.equal(done.code, 0, done.stderr);
  using client = lab.application();
  assert.equal(client.connect({ address: OUTSIDE.ipv4, port: 80 }), 0);
  for (const text of ["1", "2", "3"]) client.send(text);
  using accepted = proxy.accept();
  let got = "";
  while (got.length < 3) got += accepted?.receive()?.text;
  assert.equal(got, "123");
});
