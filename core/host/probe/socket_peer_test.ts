import assert from "node:assert/strict";
import { peerIn } from "./socket_peer.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";

for (
  const [name, line, port, peer] of [
    ["IPv4", "   0: 0202630A:9C40 0100007F:3A99 01 0:0 0:0 0 0", 40000, {
      address: "127.0.0.1",
      port: 15001,
    }],
    [
      "IPv6",
      "   1: B80D0120000000000000000001000000:9C41 00000000000000000000000001000000:3A99 01",
      40001,
      { address: "::1", port: 15001 },
    ],
    ["one that listens", "   2: 00000000:9C40 00000000:0000 0A", 40000, undefined],
    ["another port", "   3: 0202630A:9C42 0100007F:3A99 01", 40000, undefined],
  ] as const
) {
  Deno.test(`the peer of a socket: ${name}`, () => {
    assert.deepEqual(peerIn(`${HEAD}${line}\n`, port), peer);
  });
}
