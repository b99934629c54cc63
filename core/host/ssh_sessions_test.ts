import assert from "node:assert/strict";
import { delay } from "core/time/clock.ts";
import { exampleConfig, exampleTraffic } from "core/rules/testing/examples.ts";
import { endangersSsh, hasEstablished, hasSession, listsSession } from "./ssh_sessions.ts";

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100000A:0016 0200000A:C0DE 01 00000000:00000000 02:00000000 00000000     0
   2: 0100000A:D431 0200000A:0016 01 00000000:00000000 02:00000000 00000000     0
`;

Deno.test("a session into this machine counts, a listener and a session to another one do not", () => {
  assert.equal(hasEstablished(TCP, 22), true);
  assert.equal(hasEstablished(TCP.replace(/^ +1:.*\n/m, ""), 22), false);
  assert.equal(hasEstablished(TCP, 23), false);
});

for (const [hostname, to] of [["127.0.0.1", "127.0.0.1"], ["::1", "::1"], ["::", "127.0.0.1"]]) {
  Deno.test({
    name: `a real connection from ${to} to ${hostname} is a session while it is open`,
    // The C library stays loaded.
    sanitizeResources: false,
    async fn() {
      const listener = Deno.listen({ hostname: hostname ?? "", port: 0 });
      const { port } = listener.addr;
      const look = () => [hasSession(port), listsSession(port)];
      assert.deepEqual(look(), [false, false]);
      const client = await Deno.connect({ hostname: to ?? "", port });
      const server = await listener.accept();
      assert.deepEqual(look(), [true, true]);
      assert.equal(
        hasSession((client.localAddr as Deno.NetAddr).port),
        true,
        "its other end's port",
      );
      listener.close();
      assert.deepEqual(look(), [true, true]);
      // The end that closes first waits for a while (TIME_WAIT) and is no session; the other one is gone at once.
      server.close();
      await client.read(new Uint8Array(1));
      client.close();
      for (const patience = Date.now() + 10_000; look().includes(true) && Date.now() < patience;) {
        await delay(10);
      }
      assert.deepEqual(look(), [false, false]);
    },
  });
}

Deno.test("it is endangered where its port is redirected, or unknown packets are dropped", () => {
  const asked = (inbound: Parameters<typeof exampleTraffic>[1], dropInvalidPackets = false) =>
    endangersSsh(
      exampleConfig({ inbound: exampleTraffic("inbound", inbound), dropInvalidPackets }),
      () => true,
    );
  assert.equal(asked({}), true);
  assert.equal(asked({ excludePorts: [22] }), false);
  assert.equal(asked({ excludePorts: [22] }, true), true);
  assert.equal(asked({ includePorts: [80] }), false);
  assert.equal(asked({ includePorts: [22] }), true);
  assert.equal(asked({ enabled: false }), false);
  assert.equal(endangersSsh(exampleConfig(), () => false), false);
});
