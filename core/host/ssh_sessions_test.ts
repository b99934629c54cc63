import assert from "node:assert/strict";
import { exampleConfig, exampleTraffic } from "core/rules/testing/examples.ts";
import { endangersSsh, hasEstablished } from "./ssh_sessions.ts";

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
