import assert from "node:assert/strict";
import { listed, type Listener, listeners, parseListeners } from "./listeners.ts";
import { tcpListeners } from "./tcp_listeners.ts";

const TCP =
  `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:3A99 00000000:0000 0A 00000000:00000000 00:00000000 00000000  5678        0 123 1 0 100 0
   1: 0100007F:3A99 0100007F:C350 01 00000000:00000000 00:00000000 00000000  5678        0 124 1 0 100 0
`;

Deno.test("only sockets that listen count, with their owner", () => {
  assert.deepEqual(parseListeners(TCP, "tcp", "ipv4"), [
    { protocol: "tcp", family: "ipv4", address: "0100007F", port: 15001, uid: 5678 },
  ]);
});

Deno.test({
  name: "a listener of this process is found",
  sanitizeResources: false,
  fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    assert.deepEqual(
      listeners().filter((one) => one.port === port && one.protocol === "tcp"),
      [{ protocol: "tcp", family: "ipv4", address: "0100007F", port, uid: Deno.uid() }],
    );
  },
});

Deno.test({
  name: "sock_diag tells of each listener what the kernel's list does",
  sanitizeResources: false,
  fn() {
    const hosts = ["127.0.0.1", "0.0.0.0", "::1", "::"];
    const open = hosts.map((hostname) => Deno.listen({ hostname, port: 0 }));
    const ports = open.map(({ addr }) => addr.port);
    const ours = (all: readonly Listener[]) =>
      all.filter(({ port }) => ports.includes(port)).sort((a, b) => a.port - b.port);
    try {
      for (const family of ["ipv4", "ipv6"] as const) {
        const asked = ours(tcpListeners(family) ?? []);
        assert.equal(asked.length, 2);
        assert.deepEqual(asked, ours(listed("tcp", family)));
      }
    } finally {
      for (const listener of open) listener.close();
    }
  },
});
