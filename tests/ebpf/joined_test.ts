/** Sockets of application and proxy that are joined: what the one sends, the other has, and no packet is between. */
import assert from "node:assert/strict";
import { requires } from "tests/support/requires.ts";
import { OUTSIDE, POD, PodLab, SIDECAR } from "./pod_lab.ts";
import { Socket } from "./socket.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const test = requires("root", "netns", "bpf-build", "cgroup2");
const MEGABYTE = "0123456789abcdef".repeat(65536);

/** Sends both ways in turn and reads all; both ends see the farewell after the last byte. */
function exchange(one: Socket, other: Socket): void {
  for (const [from, to] of [[one, other], [other, one]] as const) {
    let got = "";
    for (let sent = 0; sent < MEGABYTE.length; sent += 16384) {
      from.send(MEGABYTE.slice(sent, sent + 16384));
      got += to.receive()?.text;
    }
    while (got.length < MEGABYTE.length) got += to.receive()?.text;
    assert(got === MEGABYTE, `${got.length} bytes came, or others than were sent`);
  }
  one.send("last");
  one.shutdown();
  assert.equal(other.receive()?.text, "last");
  assert.equal(other.receive()?.text, "");
  other.send("answer to the last");
  assert.equal(one.receive()?.text, "answer to the last");
}

test(
  "joined sockets have every byte in order, and leave nothing behind",
  OPEN_LIBRARIES,
  async (t) => {
    await using lab = await PodLab.create([], { accelerate: true }, { accelerate: true });
    using proxy = lab.proxy(15001);
    using accelerated = lab.map("accelerated");
    await t.step("of the application and the proxy", () => {
      using client = lab.application();
      assert.equal(client.connect({ address: OUTSIDE.ipv4, port: 80 }), 0);
      using accepted = proxy.accept();
      assert(accepted !== undefined);
      assert.equal(accelerated.keys().length, 2);
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
  },
);
