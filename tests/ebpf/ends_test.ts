/** What both ends of a redirected connection or question learn of each other. */
import assert from "node:assert/strict";
import { requires } from "tests/support/requires.ts";
import { formatEndpoint } from "tests/support/traffic/endpoint.ts";
import {
  addDefaultRoute,
  joinNamespaces,
  withinNamespace,
} from "tests/support/traffic/namespaces.ts";
import { Namespace } from "tests/kernel/namespace.ts";
import { OUTSIDE, POD, PodLab, WAYS } from "./pod_lab.ts";
import { Socket } from "./socket.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const test = requires("root", "netns", "bpf-build", "cgroup2");
const ECONNREFUSED = 111;

function text(socket: { address: string; port: number } | undefined): string {
  return socket === undefined ? "nothing" : formatEndpoint(socket);
}

test("ends of an outbound connection", OPEN_LIBRARIES, async (t) => {
  await using lab = await PodLab.create();
  using proxy4 = lab.proxy(15001), proxy6 = lab.proxy(15001, { family: "ipv6" });
  for (const { family, address } of WAYS) {
    const to = { address: address(OUTSIDE), port: 4444 };
    const plain = to.address.replace("::ffff:", "");
    await t.step(`to ${to.address}: the proxy learns both, the client sees the server`, () => {
      using client = lab.application({ family });
      assert.equal(client.connect(to), 0);
      using accepted = (plain.includes(":") ? proxy6 : proxy4).accept();
      assert.equal(text(accepted?.original), text({ address: plain, port: 4444 }));
      assert.equal(text(client.peer), text(to));
      // As without us, connections come from the pod's own address.
      assert.equal(accepted?.peer.address, plain.includes(":") ? POD.ipv6 : POD.ipv4);
      assert.equal(client.name.address, address(POD));
      assert.equal(client.name.port, accepted?.peer.port);
      accepted?.send("hello");
      assert.equal(client.receive()?.text, "hello");
    });
  }
  await t.step("an address that no route leads to needs none", () => {
    using client = lab.application();
    assert.equal(client.connect({ address: "203.0.113.9", port: 80 }), 0);
    using accepted = proxy4.accept();
    assert.equal(text(accepted?.original), "203.0.113.9:80");
  });
  for (const address of ["127.0.0.9", "127.0.0.1", POD.ipv4]) {
    await t.step(`a socket that is bound to ${address} stays so`, () => {
      using client = lab.application();
      client.bind({ address, port: 23456 });
      assert.equal(client.connect({ address: OUTSIDE.ipv4, port: 80 }), 0);
      using accepted = proxy4.accept();
      assert.equal(text(accepted?.peer), `${address}:23456`);
      assert.equal(text(accepted?.original), `${OUTSIDE.ipv4}:80`);
      client.close(true);
    });
  }
  await t.step("who calls the proxy itself was going nowhere else, whatever port it has", () => {
    const port = 23457;
    for (const address of [OUTSIDE.ipv4, "127.0.0.1"]) {
      using client = lab.application();
      client.bind({ address: "127.0.0.1", port });
      assert.equal(client.connect({ address, port: address === "127.0.0.1" ? 15001 : 80 }), 0);
      using accepted = proxy4.accept();
      const known = accepted?.original;
      if (address === "127.0.0.1") assert.notEqual(text(known), `${OUTSIDE.ipv4}:80`);
      else assert.equal(text(known), `${OUTSIDE.ipv4}:80`);
      client.close(true);
    }
    assert.equal(lab.count("direct"), 1);
  });
  await t.step(
    "clients that send and leave before the proxy accepts are known all the same",
    () => {
      const ports = Array.from({ length: 8 }, (_, i) => 7000 + i);
      for (const port of ports) {
        using client = lab.application();
        assert.equal(client.connect({ address: OUTSIDE.ipv4, port }), 0);
        client.send("x");
      }
      const seen = ports.map(() => {
        using accepted = proxy4.accept();
        return accepted?.original?.port;
      });
      assert.deepEqual(seen, ports);
    },
  );
  await t.step("with no proxy there, connections are refused and not let through", () => {
    proxy4.close();
    using server = Socket.listen({ ns: lab.outside.name, port: 4445 });
    using client = lab.application();
    assert.equal(client.connect({ address: OUTSIDE.ipv4, port: 4445 }), ECONNREFUSED);
    assert.equal(server.accept(50), undefined);
    using connections = lab.map("connections");
    assert.deepEqual(connections.keys(), []);
  });
});

test("a proxy with one listener for both families", OPEN_LIBRARIES, async () => {
  await using lab = await PodLab.create();
  for (const [port, from] of [[15001, "inside"], [15006, "outside"]] as const) {
    using proxy = lab.proxy(port, { family: "ipv6", dual: true });
    for (const family of ["ipv4", "ipv6"] as const) {
      using client = from === "inside"
        ? lab.application({ family })
        : Socket.create({ ns: lab.outside.name, family });
      const to = { address: (from === "inside" ? OUTSIDE : POD)[family], port: 8080 };
      assert.equal(client.connect(to), 0);
      using accepted = proxy.accept();
      assert.equal(text(accepted?.original), text(to));
      const mapped = family === "ipv4" ? "::ffff:" : "";
      assert.equal(accepted?.peer.address, `${mapped}${client.name.address}`);
      assert.equal(client.name.address, (from === "inside" ? POD : OUTSIDE)[family]);
    }
  }
});

test("ends of an inbound connection", OPEN_LIBRARIES, async (t) => {
  await using lab = await PodLab.create();
  using proxy4 = lab.proxy(15006, { reusePort: true }),
    proxy6 = lab.proxy(15006, { family: "ipv6" });
  // Envoy's workers have a listener each.
  using worker = lab.proxy(15006, { reusePort: true });
  for (const family of ["ipv4", "ipv6"] as const) {
    await t.step(
      `${family}: the proxy has the client's address and the port that it called`,
      () => {
        using client = Socket.create({ ns: lab.outside.name, family });
        assert.equal(client.connect({ address: POD[family], port: 8080 }), 0);
        using accepted = family === "ipv6"
          ? proxy6.accept()
          : proxy4.accept(50) ?? worker.accept(50);
        assert.equal(text(accepted?.original), text({ address: POD[family], port: 8080 }));
        assert.equal(text(accepted?.peer), text(client.name));
        client.send("hello");
        assert.equal(accepted?.receive()?.text, "hello");
      },
    );
  }
  await t.step("ends that are still in TIME_WAIT are the proxy's again", () => {
    using application = Socket.listen({ ns: lab.pod.name, port: 8080 });
    for (const round of [1, 2, 3]) {
      using client = Socket.create({ ns: lab.outside.name });
      client.bind({ address: OUTSIDE.ipv4, port: 34567 });
      assert.equal(client.connect({ address: POD.ipv4, port: 8080 }), 0, `round ${round}`);
      const accepted = proxy4.accept(100) ?? worker.accept(100);
      assert.equal(text(accepted?.original), `${POD.ipv4}:8080`, `round ${round}`);
      // Who closes first waits.
      accepted?.close();
      assert.equal(client.receive()?.text, "");
    }
    assert.equal(application.accept(50), undefined);
    assert.equal(lab.count("inbound"), 5);
  });
  await t.step(
    "without the program for that, such a beginning is dropped and not let through",
    async () => {
      await lab.configure([], { reuse: false });
      using application = Socket.listen({ ns: lab.pod.name, port: 8080 });
      using client = Socket.create({ ns: lab.outside.name });
      client.bind({ address: OUTSIDE.ipv4, port: 34567 });
      assert.equal(client.connect({ address: POD.ipv4, port: 8080 }, 100), -1);
      assert.equal(application.accept(50), undefined);
      assert.equal(lab.count("drop-reuse"), 1);
    },
  );
  for (const reuse of [true, false]) {
    await t.step(
      `with no proxy there, nobody gets it; it is ${reuse ? "refused" : "dropped"}`,
      async () => {
        for (const listener of [proxy4, worker, proxy6]) listener.close();
        await lab.configure([], { reuse });
        for (const family of ["ipv4", "ipv6"] as const) {
          const before = lab.count("drop-no-proxy");
          using application = Socket.listen({ ns: lab.pod.name, family, port: 8080 });
          using client = Socket.create({ ns: lab.outside.name, family });
          const result = client.connect({ address: POD[family], port: 8080 }, reuse ? 3000 : 100);
          assert.equal(result, reuse ? ECONNREFUSED : -1);
          assert.equal(application.accept(50), undefined);
          assert.equal(lab.count("drop-no-proxy") - before, 1);
        }
      },
    );
  }
});

test(
  "what is for the pod is the proxy's, what passes through it is not",
  OPEN_LIBRARIES,
  async (t) => {
    await using lab = await PodLab.create();
    const forward = (ns: string) =>
      withinNamespace(ns, () => Deno.writeTextFileSync("/proc/sys/net/ipv4/ip_forward", "1"));
    forward(lab.pod.name);
    await lab.configure([]);
    using proxy = lab.proxy(15006);
    await t.step("an address that came later, in a pod that has inherited ip_forward", async () => {
      await lab.pod.must("ip", "address", "add", "10.99.0.77/32", "dev", "eth0");
      using client = Socket.create({ ns: lab.outside.name });
      assert.equal(client.connect({ address: "10.99.0.77", port: 8080 }), 0);
      using accepted = proxy.accept();
      assert.equal(text(accepted?.original), "10.99.0.77:8080");
    });
    await t.step("to a network behind", async () => {
      await using behind = await Namespace.create("behind");
      await joinNamespaces(
        { ns: lab.pod.name, iface: "eth1", addresses: ["10.97.0.1/24"] },
        { ns: behind.name, iface: "eth0", addresses: ["10.97.0.2/24"] },
      );
      await addDefaultRoute(behind.name, "10.97.0.1");
      await lab.outside.must("ip", "route", "add", "10.97.0.0/24", "via", POD.ipv4);
      await lab.configure([]);
      using server = Socket.listen({ ns: behind.name, port: 80 });
      using client = Socket.create({ ns: lab.outside.name });
      assert.equal(client.connect({ address: "10.97.0.2", port: 80 }), 0);
      using accepted = server.accept();
      assert.equal(text(accepted?.name), "10.97.0.2:80");
      // The router's own addresses are still the proxy's, on both sides.
      for (const address of [POD.ipv4, "10.97.0.1"]) {
        using other = Socket.create({ ns: lab.outside.name });
        assert.equal(other.connect({ address, port: 80 }), 0);
        using inbound = proxy.accept();
        assert.equal(text(inbound?.original), `${address}:80`);
      }
    });
  },
);

test("ends of questions to name servers", OPEN_LIBRARIES, async (t) => {
  await using lab = await PodLab.create(["--redirect-all-dns-traffic"]);
  using dns4 = lab.proxy(15053, { protocol: "udp", address: "127.0.0.1" });
  using dns6 = lab.proxy(15053, { protocol: "udp", family: "ipv6", address: "::1" });
  const answer = () => {
    for (const server of [dns4, dns6]) {
      const asked = server.receive(20);
      if (asked?.from !== undefined) server.send(`re: ${asked.text}`, asked.from);
    }
  };
  for (const { family, address } of WAYS) {
    const servers = [
      { ipv4: "10.96.0.10", ipv6: "fd96::10" },
      { ipv4: "10.96.0.11", ipv6: "fd96::11" },
      // systemd-resolved's; IPv6 has no more than ::1.
      { ipv4: "127.0.0.53", ipv6: "fd96::12" },
    ].map((server) => ({ address: address(server), port: 53 }));
    await t.step(`asked without connect(2): ${servers[0]?.address} and others in turn`, () => {
      using client = lab.application({ protocol: "udp", family });
      for (const server of servers) {
        client.send("q", server);
        answer();
        const got = client.receive();
        assert.deepEqual([got?.text, text(got?.from)], ["re: q", text(server)]);
      }
    });
    await t.step(`asked after connect(2): ${servers[0]?.address}, then another`, () => {
      using client = lab.application({ protocol: "udp", family });
      for (const server of servers.slice(0, 2)) {
        assert.equal(client.connect(server), 0);
        assert.equal(text(client.peer), text(server));
        client.send("q");
        answer();
        const got = client.receive();
        assert.deepEqual([got?.text, text(got?.from)], ["re: q", text(server)]);
      }
    });
  }
  await t.step("a socket that asked and then talks to another port is left alone", () => {
    using echo = Socket.listen({ ns: lab.outside.name, protocol: "udp", port: 5353 });
    using client = lab.application({ protocol: "udp" });
    client.send("q", { address: "10.96.0.10", port: 53 });
    answer();
    client.receive();
    client.send("x", { address: OUTSIDE.ipv4, port: 5353 });
    const got = echo.receive();
    assert.equal(got?.text, "x");
    if (got?.from !== undefined) echo.send("y", got.from);
    assert.equal(text(client.receive()?.from), `${OUTSIDE.ipv4}:5353`);
  });
});
