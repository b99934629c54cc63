/** From one backend to the other on a live host, and beside NAT chains of others in the same hooks. */
import { delay } from "core/time/clock.ts";
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { requires } from "tests/support/requires.ts";
import { APP, BASICS } from "./basic_flows.ts";
import { type Flow, ROLES } from "./flows.ts";
import { kumactlMust, kumactlPath, PrivateEtc } from "./kumactl.ts";
import { TrafficLab } from "./traffic_lab.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const INSTALL = ["install", "transparent-proxy", "--firewall-backend"];
const OUT: Flow = {
  what: "application out",
  from: APP,
  to: "remote",
  port: 80,
  expect: "outbound",
};
const IN: Flow = { what: "client in", from: "client", to: "host", port: 8080, expect: "inbound" };

test("from one backend to the other and back, not one connection passes by", async () => {
  await using lab = await TrafficLab.create();
  using _etc = new PrivateEtc(lab.host.name);
  await kumactlMust(lab.host, [...INSTALL, "iptables"]);
  let driven = 0;
  for (const backend of ["nftables", "iptables", "nftables", "iptables"]) {
    const [program, ...words] = lab.host.entry;
    const args = [...words, kumactlPath(), ...INSTALL, backend];
    const child = new Deno.Command(program, { args, stdout: "piped", stderr: "piped" }).output();
    let ended = false;
    const done = child.finally(() => ended = true);
    while (!ended) {
      for (const flow of [OUT, IN]) {
        for (const family of FAMILIES) {
          assert.equal(
            lab.send(flow, family),
            undefined,
            `${flow.what}, ${family}, to ${backend}`,
          );
        }
        driven++;
      }
      await delay(0);
    }
    const { code, stderr } = await done;
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const iptables = await lab.host.save("nft", "ipv4") + await lab.host.save("nft", "ipv6");
    const tables = await lab.host.must("nft", "list", "tables");
    assert.equal(/KUMA_MESH/.test(iptables), backend === "iptables", iptables);
    assert.equal(/kuma-mesh/.test(tables), backend === "nftables", tables);
    for (const flow of BASICS) {
      for (const family of FAMILIES) assert.equal(lab.send(flow, family), undefined, flow.what);
    }
  }
  assert(driven > 50, `only ${driven} rounds`);
});

/** A table as kube-proxy, Docker or firewalld make one, which redirects where we would as well. */
function foreign(priority: number): string {
  const chain = (hook: string, port: number) =>
    `\tchain ${hook} {\n\t\ttype nat hook ${hook} priority ${priority};\n` +
    FAMILIES.map((family) =>
      `\t\t${family === "ipv4" ? "ip" : "ip6"} daddr ${
        ROLES[hook === "output" ? "remote" : "host"][family]
      } tcp dport ${port} redirect to :15054\n`
    ).join("") + "\t}\n";
  return `table inet others {\n${chain("output", 80)}${chain("prerouting", 8080)}}\n`;
}

test("NAT chains of others: at iptables' place ours come after, or before where inserted; firewalld's come after", async () => {
  const inserted = [
    "--redirect-inbound-insert-instead-of-append",
    "--redirect-outbound-insert-instead-of-append",
  ];
  const theirs = { out: "other-proxy", in: "other-proxy" } as const;
  const ours = { out: "outbound", in: "inbound" } as const;
  // kube-proxy's and Docker's nftables chains stand at dstnat (-100), firewalld's ten behind it.
  for (
    const [priority, args, expect] of [
      [-100, [], theirs],
      [-100, inserted, ours],
      [-90, [], ours],
      [-110, [], theirs],
    ] as const
  ) {
    await using lab = await TrafficLab.create();
    using _etc = new PrivateEtc(lab.host.name);
    const added = await lab.host.run("nft", ["-f", "-"], { stdin: foreign(priority) });
    assert.equal(added.code, 0, added.stderr);
    const listed = await lab.host.must("nft", "list", "table", "inet", "others");
    await kumactlMust(lab.host, [...INSTALL, "nftables", ...args]);
    for (const family of FAMILIES) {
      assert.equal(
        lab.send({ ...OUT, expect: expect.out }, family),
        undefined,
        `out at ${priority}`,
      );
      assert.equal(lab.send({ ...IN, expect: expect.in }, family), undefined, `in at ${priority}`);
    }
    await kumactlMust(lab.host, ["uninstall", "transparent-proxy"]);
    assert.equal(await lab.host.must("nft", "list", "ruleset"), listed);
  }
});
