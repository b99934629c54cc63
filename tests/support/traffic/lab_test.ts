import assert from "node:assert/strict";
import { requires } from "../requires.ts";
import { must } from "../processes.ts";
import { formatEndpoint } from "./endpoint.ts";
import { Lab } from "./lab.ts";
import {
  addDefaultRoute,
  addNamespace,
  inside,
  joinNamespaces,
  removeNamespace,
} from "./namespaces.ts";

const test = requires("root", "netns", "iptables-nft");

test("flows arrive where the firewall sends them, by owner, with their first destination", async () => {
  const host = `kp-host-${Deno.pid}`, client = `kp-client-${Deno.pid}`;
  await addNamespace(host);
  await addNamespace(client);
  try {
    await joinNamespaces(
      { ns: host, iface: "eth0", addresses: ["10.77.0.1/24", "fd77::1/64"] },
      { ns: client, iface: "eth0", addresses: ["10.77.0.2/24", "fd77::2/64"] },
    );
    await addDefaultRoute(host, "10.77.0.2");
    using lab = new Lab();
    for (const family of ["ipv4", "ipv6"] as const) {
      lab.listen({ ns: host, protocol: "tcp", family, port: 15001, label: "proxy" });
      lab.listen({ ns: client, protocol: "tcp", family, port: 80, label: "web" });
      lab.listen({ ns: client, protocol: "udp", family, port: 53, label: "dns" });
      const address = family === "ipv4" ? "127.0.0.1" : "::1";
      lab.listen({ ns: host, protocol: "udp", family, port: 15053, address, label: "dns-proxy" });
    }
    for (const tool of ["iptables-nft", "ip6tables-nft"]) {
      const add = async (...rule: string[]) => {
        const [program = "", ...prefix] = inside(host);
        await must(program, [...prefix, tool, "-t", "nat", "-A", "OUTPUT", ...rule]);
      };
      await add(..."-p tcp -m owner --uid-owner 1000 -j REDIRECT --to-ports 15001".split(" "));
      await add(
        ..."-p udp --dport 53 -m owner --uid-owner 1000 -j REDIRECT --to-ports 15053".split(" "),
      );
    }
    for (const address of ["10.77.0.2", "fd77::2"]) {
      const web = { address, port: 80 }, dns = { address, port: 53 };
      const caught = lab.send({ ns: host, uid: 1000, protocol: "tcp", to: web });
      assert.equal(caught.listener, "proxy");
      assert.equal(caught.original && formatEndpoint(caught.original), formatEndpoint(web));

      const free = lab.send({ ns: host, uid: 5678, protocol: "tcp", to: web });
      assert.equal(free.listener, "web");

      const asked = lab.send({ ns: host, uid: 1000, protocol: "udp", to: dns });
      assert.deepEqual([asked.listener, asked.answered], ["dns-proxy", true]);

      const upstream = lab.send({ ns: host, uid: 5678, protocol: "udp", to: dns });
      assert.deepEqual([upstream.listener, upstream.answered], ["dns", true]);

      const closed = { address, port: 81 };
      const refused = lab.send({ ns: host, uid: 0, protocol: "tcp", to: closed });
      assert.equal(refused.outcome, "refused");
    }
    const nowhere = { address: "10.77.0.99", port: 80 };
    const silent = lab.send({ ns: host, uid: 0, protocol: "tcp", to: nowhere, patienceMs: 50 });
    assert.equal(silent.outcome, "silent");
    const unroutable = { address: "fd99::1", port: 80 };
    const lost = lab.send({ ns: host, uid: 0, protocol: "tcp", to: unroutable });
    assert.equal(lost.outcome, "unreachable");
  } finally {
    await removeNamespace(host);
    await removeNamespace(client);
  }
});
