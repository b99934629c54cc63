import assert from "node:assert/strict";
import { localResolvers, parseUdpSockets } from "./local_resolver.ts";

const UDP =
  `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  396: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 20481 2 0000000000000000 0
  411: 0A01A8C0:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000   998        0 20482 2 0000000000000000 0
`;

Deno.test("sockets are read from the kernel's table", () => {
  assert.deepEqual(parseUdpSockets(UDP), [
    { address: "127.0.0.53", port: 53, uid: 101 },
    { address: "192.168.1.10", port: 68, uid: 998 },
  ]);
  assert.deepEqual(parseUdpSockets(""), []);
});

Deno.test("a server is this host where it is a loopback address or a socket of ours is bound to it", () => {
  const sockets = parseUdpSockets(UDP);
  assert.deepEqual(localResolvers(["127.0.0.53", "10.0.0.2"], sockets), [
    { server: "127.0.0.53", uid: 101 },
  ]);
  assert.deepEqual(localResolvers(["127.0.0.1"], sockets), [{
    server: "127.0.0.1",
    uid: undefined,
  }]);
  assert.deepEqual(localResolvers(["192.168.1.10"], sockets), []);
  const everywhere = [{ address: "0.0.0.0", port: 53, uid: 7 }];
  assert.deepEqual(localResolvers(["127.0.0.1", "10.0.0.2"], everywhere), [
    { server: "127.0.0.1", uid: 7 },
  ]);
  const own = [{ address: "192.168.1.10", port: 53, uid: 0 }];
  assert.deepEqual(localResolvers(["192.168.1.10"], own), [{ server: "192.168.1.10", uid: 0 }]);
});
