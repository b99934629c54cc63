/** Again, differently, and gone: what is not ours stays as it was, byte for byte. */
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { FLAVOURS } from "tests/kernel/namespace.ts";
import { requires } from "tests/support/requires.ts";
import { BUSY_HOST, HOST_RULES, install, Machine, uninstall } from "./machine.ts";

const CONFIGURATIONS: readonly (readonly string[])[] = [
  [],
  ["--redirect-all-dns-traffic", "--drop-invalid-packets", "--iptables-logs"],
  ["--redirect-dns", "--vnet", "docker0:172.17.0.0/16", "--vnet", "br+:fd17::/64"],
  [
    "--exclude-inbound-ports",
    "22,80",
    "--exclude-outbound-ports-for-uids",
    "tcp,udp:22,80-90:106-108",
    "--exclude-outbound-ips",
    "10.1.2.3/8,fd00::1/8",
    "--redirect-outbound-insert-instead-of-append",
  ],
  ["--redirect-all-dns-traffic", "--disable-comments", "--exclude-outbound-ips", "10.0.0.0/8"],
  ["--redirect-inbound=false", "--verbose"],
];
const RESOLV_CONF = { "/etc/resolv.conf": "nameserver 127.0.0.11\nnameserver fd00::53\n" };

for (const flavour of FLAVOURS) {
  const test = requires("root", "netns", `iptables-${flavour}`);

  test(`${flavour}: a second run changes nothing, another configuration replaces cleanly`, async () => {
    await using machine = await Machine.create({ files: RESOLV_CONF });
    for (const family of FAMILIES) await machine.restore(flavour, family, BUSY_HOST);
    const original = await machine.firewall();
    const alone: string[] = [];
    for (const args of CONFIGURATIONS) {
      await machine.kumactlMust(...install(...args));
      const once = await machine.firewall();
      assert.notEqual(once, original);
      await machine.kumactlMust(...install(...args));
      assert.equal(await machine.firewall(), once, `twice ${args.join(" ")}`);
      alone.push(once);
      await machine.kumactlMust(...uninstall());
      assert.equal(await machine.firewall(), original, `uninstall after ${args.join(" ")}`);
    }
    for (const [index, args] of [...CONFIGURATIONS, ...CONFIGURATIONS.toReversed()].entries()) {
      await machine.kumactlMust(...install(...args));
      const size = CONFIGURATIONS.length;
      const expected = alone[index < size ? index : 2 * size - 1 - index];
      assert.equal(await machine.firewall(), expected, `${args.join(" ")} over another`);
    }
    await machine.kumactlMust(...uninstall());
    assert.equal(await machine.firewall(), original);
    await machine.kumactlMust(...uninstall());
    assert.equal(await machine.firewall(), original, "uninstall with nothing there");
  });

  test(`${flavour}: rules that others add after ours stay when ours go`, async () => {
    await using machine = await Machine.create();
    await machine.restore(flavour, "ipv4", HOST_RULES);
    await machine.kumactlMust(...install("--redirect-all-dns-traffic"));
    const late =
      "*nat\n:LATE - [0:0]\n-I OUTPUT 1 -p udp -j LATE\n-A OUTPUT -p tcp -j LATE\nCOMMIT\n";
    await machine.restore(flavour, "ipv4", late);
    await machine.kumactlMust(...install("--redirect-all-dns-traffic"));
    const output = (await machine.save(flavour, "ipv4")).split("\n")
      .filter((line) => line.startsWith("-A OUTPUT") && !line.includes("CT --zone"));
    assert.match(output[0] ?? "", /kuma\/mesh/, "our inserted rules stand first again");
    assert.equal(output.filter((line) => line.endsWith("LATE")).length, 2);
    await machine.kumactlMust(...uninstall());
    const left = (await machine.save(flavour, "ipv4")).split("\n")
      .filter((line) => line.startsWith("-A OUTPUT"));
    assert.deepEqual(left, ["-A OUTPUT -p udp -j LATE", "-A OUTPUT -p tcp -j LATE"]);
  });

  test(`${flavour}: somebody's own rule in a chain of ours stops uninstall and install`, async () => {
    await using machine = await Machine.create();
    await machine.restore(flavour, "ipv4", HOST_RULES);
    await machine.kumactlMust(...install());
    await machine.restore(
      flavour,
      "ipv4",
      "*nat\n-I KUMA_MESH_OUTBOUND 1 -d 10.0.0.1 -j RETURN\nCOMMIT\n",
    );
    const before = await machine.firewall();
    for (const args of [uninstall(), install("--redirect-all-dns-traffic")]) {
      const done = await machine.kumactl(args);
      assert.notEqual(done.code, 0);
      assert.match(done.stderr, /Error: .*-A KUMA_MESH_OUTBOUND -d 10\.0\.0\.1\/32 -j RETURN/);
      assert.equal(await machine.firewall(), before);
    }
  });
}

const test = requires("root", "netns", "iptables-nft");

test("nft: a firewall without any table is one without any table again", async () => {
  await using machine = await Machine.create();
  assert.equal(await machine.must("nft", "list", "ruleset"), "");
  await machine.kumactlMust(...install("--redirect-all-dns-traffic", "--drop-invalid-packets"));
  await machine.kumactlMust(...install());
  await machine.kumactlMust(...uninstall());
  assert.equal(await machine.must("nft", "list", "ruleset"), "");
});

test("dry runs change nothing and show the rules", async () => {
  await using machine = await Machine.create();
  await machine.restore("nft", "ipv4", BUSY_HOST);
  const before = await machine.firewall();
  const shown = await machine.kumactlMust(...install("--dry-run"));
  assert(shown.startsWith("### IPv4 ###\n\n* nat\n-N KUMA_MESH_INBOUND\n"), shown);
  assert.equal(await machine.firewall(), before);
  await machine.kumactlMust(...install());
  const installed = await machine.firewall();
  const going = await machine.kumactlMust(...uninstall("--dry-run"));
  assert.equal(await machine.firewall(), installed);
  assert.match(going, /^### IPv4, iptables-nft: would go ###\n\n\*nat\n:KUMA_MESH_INBOUND -\n/);
  assert.match(going, /^-A OUTPUT .*-j KUMA_MESH_OUTBOUND$/m);
  assert.match(going, /### IPv6, iptables-nft: would go ###/);
  assert.doesNotMatch(going, /DOCKER|KUBE|MASQUERADE/);
  await machine.kumactlMust(...uninstall());
  assert.match(await machine.kumactlMust(...uninstall("--dry-run")), /nothing would go/);
});
