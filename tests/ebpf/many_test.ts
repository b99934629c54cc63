/** Many connections, more than the maps hold, and two pods that look the same from outside. */
import assert from "node:assert/strict";
import { JOIN_MAPS } from "core/bpf/layout.ts";
import { BpfMap } from "core/host/bpf/map.ts";
import { requires } from "tests/support/requires.ts";
import { formatEndpoint } from "tests/support/traffic/endpoint.ts";
import { joinNamespaces } from "tests/support/traffic/namespaces.ts";
import { libc } from "tests/support/traffic/socket_calls.ts";
import { Namespace } from "tests/kernel/namespace.ts";
import { configurationOf } from "./configuration.ts";
import { OUTSIDE, POD, PodLab } from "./pod_lab.ts";
import { extension, sendIpv4, sendIpv6, syn } from "./raw_packets.ts";
import { Socket } from "./socket.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const test = requires("root", "netns", "bpf-build", "cgroup2");

test(
  "10,000 connections, 200 at once: the proxy knows where each was going",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await PodLab.create();
    using proxy = lab.proxy(15001);
    using connections = lab.map("connections"), clients = lab.map("clients");
    let sent = 0;
    const wrong: string[] = [];
    for (let round = 0; round < 50; round++) {
      const going = new Map<number, string>();
      const clients = Array.from({ length: 200 }, () => {
        const to = { address: `10.99.${1 + sent % 7}.1`, port: 1 + sent++ % 5000 };
        const client = lab.application();
        assert.equal(client.start(to), 0);
        going.set(client.name.port, formatEndpoint(to));
        return client;
      });
      for (const client of clients) {
        using accepted = proxy.accept();
        const seen = accepted?.original && formatEndpoint(accepted.original);
        const meant = going.get(accepted?.peer.port ?? 0);
        if (seen === undefined || seen !== meant) wrong.push(`${meant}: ${seen}`);
        // Without TIME_WAIT, which would use up the ports.
        client.close(true);
      }
    }
    assert.deepEqual(wrong, []);
    assert.equal(lab.count("outbound"), 10_000);
    assert.equal(lab.count("direct"), 0);
    assert.deepEqual([connections.keys(), clients.keys()], [[], []]);
  },
);

test(
  "more handshakes at once than the map holds: none is told a wrong destination",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await PodLab.create([], {}, { maxEntries: { connections: 64 } });
    using connections = lab.map("connections");
    assert.equal(connections.maxEntries, 64);
    // With its queue full, the proxy answers nobody, and clients ask again after a second.
    using proxy = lab.proxy(15001, { backlog: 1 });
    const going = new Map<number, string>();
    const clients = Array.from({ length: 300 }, (_, i) => {
      const to = { address: OUTSIDE.ipv4, port: 1000 + i };
      const client = lab.application();
      assert.equal(client.start(to), 0);
      going.set(client.name.port, formatEndpoint(to));
      return client;
    });
    assert(connections.keys().length <= 64);
    assert.equal(libc().listen(proxy.fd, 4096), 0);
    let unknown = 0;
    for (const _ of clients) {
      using accepted = proxy.accept(5000);
      assert(accepted !== undefined, "a connection never came");
      const seen = accepted.original;
      if (seen === undefined) unknown++;
      else assert.equal(formatEndpoint(seen), going.get(accepted.peer.port));
    }
    for (const client of clients) client.close(true);
    // All answers come at once, before any of the proxy's ends is made: the oldest entries are displaced. Who lost
    // one is counted, and the proxy knows that it does not know.
    assert.equal(lab.count("direct"), unknown);
    assert(unknown < clients.length, "the map kept none");
    assert.deepEqual(connections.keys(), []);
  },
);

test("two pods with the same addresses and ports are told apart", OPEN_LIBRARIES, async () => {
  await using lab = await PodLab.create();
  await using second = await Namespace.create("second");
  await using beyond = await Namespace.create("beyond");
  await joinNamespaces(
    { ns: second.name, iface: "eth0", addresses: [`${POD.ipv4}/24`] },
    { ns: beyond.name, iface: "eth0", addresses: [`${OUTSIDE.ipv4}/24`] },
  );
  const add = async () =>
    lab.node.add({
      netns: `/run/netns/${second.name}`,
      config: await configurationOf([]),
    });
  const call = (ns: string, port: number) => {
    const client = Socket.create({ ns, uid: 1000 });
    client.bind({ address: POD.ipv4, port: 23500 });
    return { client, result: client.connect({ address: OUTSIDE.ipv4, port }) };
  };
  using server = Socket.listen({ ns: beyond.name, port: 91 });
  const { client, result } = call(second.name, 91);
  using _client = client;
  assert.equal(result, 0);
  using direct = server.accept();
  assert(direct !== undefined, "a namespace that nobody added is left alone");
  client.close(true);

  await add();
  using first = lab.proxy(15001);
  using other = Socket.listen({ ns: second.name, uid: 5678, port: 15001 });
  using a = call(lab.pod.name, 90).client;
  using b = call(second.name, 91).client;
  assert.notEqual(a.fd, b.fd);
  using one = first.accept(), two = other.accept();
  assert.deepEqual([one?.original?.port, two?.original?.port], [90, 91]);
  assert.deepEqual([one?.peer, two?.peer], [
    { address: POD.ipv4, port: 23500 },
    { address: POD.ipv4, port: 23500 },
  ]);
});

test("a kernel without the newest helpers redirects the same", OPEN_LIBRARIES, async () => {
  const old = { netnsCookie: false, ringBuffer: false, peerNames: false };
  const accelerate = true;
  await using lab = await PodLab.create([], { accelerate }, { steps: [old], accelerate });
  // Such a kernel may refuse the very maps of joined sockets (5.10 does), so there must be none.
  for (const name of ["events", ...JOIN_MAPS]) {
    assert.equal(BpfMap.pinned(lab.node.pins.map(name)), undefined, name);
  }
  using proxy4 = lab.proxy(15001), proxy6 = lab.proxy(15001, { family: "ipv6" });
  using inbound = lab.proxy(15006);
  for (const [family, proxy] of [["ipv4", proxy4], ["ipv6", proxy6]] as const) {
    using client = lab.application({ family });
    assert.equal(client.connect({ address: OUTSIDE[family], port: 4444 }), 0);
    using accepted = proxy.accept();
    assert.deepEqual(accepted?.original, { address: OUTSIDE[family], port: 4444 });
    // This is what makes it unique in the node where the cookie does not.
    assert.equal(accepted?.peer.address, POD[family]);
  }
  using client = Socket.create({ ns: lab.outside.name });
  assert.equal(client.connect({ address: POD.ipv4, port: 8080 }), 0);
  using accepted = inbound.accept();
  assert.deepEqual(accepted?.original, { address: POD.ipv4, port: 8080 });
});

test(
  "beginnings of connections that are cut to pieces never pass, those behind headers are seen",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await PodLab.create();
    using _four = lab.proxy(15006), _six = lab.proxy(15006, { family: "ipv6" });
    const target = (family: "ipv4" | "ipv6") => ({
      ...{ ns: lab.outside.name, from: OUTSIDE[family], to: POD[family], port: 8080 },
    });
    const count = (act: () => void) => {
      const before = ["inbound", "drop-cut"].map((verdict) => lab.count(verdict));
      act();
      return ["inbound", "drop-cut"].map((verdict, i) => lab.count(verdict) - (before[i] ?? 0));
    };
    const whole = syn(8080);
    const MORE = 0x2000, HOP_BY_HOP = 0, FRAGMENT = 44, DESTINATION = 60, TCP = 6;
    assert.deepEqual(count(() => sendIpv4(target("ipv4"), 0, whole)), [1, 0]);
    assert.deepEqual(count(() => sendIpv4(target("ipv4"), MORE, whole)), [0, 1]);
    assert.deepEqual(count(() => sendIpv4(target("ipv4"), MORE, whole.slice(0, 8))), [0, 1]);
    assert.deepEqual(count(() => sendIpv4(target("ipv4"), 1, whole.slice(8))), [0, 1]);
    assert.deepEqual(count(() => sendIpv4(target("ipv4"), 2, whole.slice(4))), [0, 0]);

    const six = (next: number, bytes: number[]) =>
      count(() => sendIpv6(target("ipv6"), next, bytes));
    assert.deepEqual(six(TCP, whole), [1, 0]);
    assert.deepEqual(six(HOP_BY_HOP, [...extension(TCP), ...whole]), [1, 0]);
    assert.deepEqual(six(DESTINATION, [...extension(DESTINATION), ...extension(TCP), ...whole]), [
      1,
      0,
    ]);
    const first = extension(TCP, [0, 0, 1, 0, 0, 0, 9]),
      only = extension(TCP, [0, 0, 0, 0, 0, 0, 9]);
    assert.deepEqual(six(FRAGMENT, [...first, ...whole]), [0, 1]);
    assert.deepEqual(six(FRAGMENT, [...only, ...whole]), [1, 0]);
    const many = Array.from({ length: 8 }, () => extension(DESTINATION)).flat();
    assert.deepEqual(six(DESTINATION, [...many, ...extension(TCP), ...whole]), [0, 1]);
  },
);
