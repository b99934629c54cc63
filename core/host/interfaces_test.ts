import assert from "node:assert/strict";
import { effectiveUserId } from "./libc.ts";
import {
  hasRoutableIpv6,
  hasUsableIpv6,
  interfaceNames,
  loopbackInterface,
  parseIfInet6,
} from "./interfaces.ts";

effectiveUserId(); // Opens the C library outside of any test.

const DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes
    lo:  840      10    0    0    0     0          0         0      840
  eth0: 1040      12    0    0    0     0          0         0     1026
eth0:1:0 0
`;

Deno.test("interfaceNames reads the kernel's table, names with a colon included", () => {
  assert.deepEqual(interfaceNames(DEV), ["lo", "eth0", "eth0:1"]);
  assert.deepEqual(interfaceNames(""), []);
});

Deno.test("parseIfInet6 reads address, prefix and interface", () => {
  const text = "00000000000000000000000000000001 01 80 10 80       lo\n" +
    "fe8000000000000042010afffe000001 02 40 20 80     eth0\n";
  const addresses = parseIfInet6(text);
  assert.deepEqual(addresses[1], {
    iface: "eth0",
    hex: "fe8000000000000042010afffe000001",
    prefixLength: 64,
  });
  assert.equal(hasUsableIpv6(addresses), true);
  assert.equal(hasUsableIpv6(addresses.slice(0, 1)), false);
  assert.equal(hasUsableIpv6([]), false);
});

Deno.test("hasRoutableIpv6: neither link-local addresses nor those of the loopback interface count", () => {
  const routable = (hex: string) => hasRoutableIpv6([{ iface: "eth0", hex, prefixLength: 64 }]);
  for (const prefix of ["fd62", "2001", "0064", "fec0"]) {
    assert(routable(prefix.padEnd(31, "0") + "2"), prefix);
  }
  for (const last of ["1", "6"]) assert(!routable(last.padStart(32, "0")));
  for (const prefix of ["fe80", "febf"]) assert(!routable(prefix.padEnd(31, "0") + "2"), prefix);
});

Deno.test("loopbackInterface finds this host's loopback by its flag", () => {
  assert.equal(loopbackInterface(), "lo");
});
