import assert from "node:assert/strict";
import { peerOf } from "./peer.ts";

Deno.test("an IPv6 network of 64 bits is one peer, an IPv4 address is one", () => {
  const cases: [string, string][] = [
    ["10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:0:0:ffff::2", "2001:db8:0:0::/64"],
    ["2001:db8:0:1::1", "2001:db8:0:1::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["something", "something"],
  ];
  for (const [address, peer] of cases) assert.equal(peerOf(address), peer, address);
});
