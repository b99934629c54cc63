/** IPv6 fails after IPv4 was applied: IPv4 goes back to what it was. */
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { type Flavour, FLAVOURS, toolName } from "tests/kernel/namespace.ts";
import { requires } from "tests/support/requires.ts";
import { BUSY_HOST, install, Machine } from "./machine.ts";

const QUICK = ["--max-retries", "1", "--sleep-between-retries", "10ms"];

for (const flavour of FLAVOURS) {
  const test = requires("root", "netns", `iptables-${flavour}`);
  for (const when of ["always", "unless it only tests"] as const) {
    test(`${flavour}: ip6tables-restore fails ${when}: IPv4 is restored`, async () => {
      await using machine = await Machine.create();
      for (const family of FAMILIES) await machine.restore(flavour, family, BUSY_HOST);
      const broken = await brokenTools(machine, flavour, when);
      const args = install(
        "--redirect-all-dns-traffic",
        ...QUICK,
        "--iptables-executables",
        broken,
      );
      await refusesToChange(machine, args);

      await machine.kumactlMust(...install("--exclude-inbound-ports", "22"));
      assert.match(await machine.save(flavour, "ipv6"), /^:KUMA_MESH_INBOUND/m);
      await refusesToChange(machine, args);
    });
  }
}

/** Chains that iptables-nft takes for its own, as far as their names go; what is given to nft behind their name. */
const CLASHES = {
  "ip nat OUTPUT": ["{ type nat hook output priority 50; }"],
  "ip6 nat PREROUTING": [],
  "ip raw OUTPUT": ["{ type filter hook prerouting priority -300; }"],
  "ip mangle PREROUTING": ["{ type filter hook prerouting priority 0; }"],
} as const;

for (const [name, place] of Object.entries(CLASHES)) {
  requires("root", "netns", "iptables-nft")(
    `${name} is another chain than that of iptables: refused once, by a dry run as well, with its name`,
    async () => {
      await using machine = await Machine.create();
      const [family = "", table = ""] = name.split(" ");
      await machine.must("nft", "add", "table", family, table);
      await machine.must("nft", "add", "chain", ...name.split(" "), ...place);
      const before = await machine.must("nft", "list", "ruleset");
      const args = install("--redirect-all-dns-traffic", "--drop-invalid-packets");
      const done = await machine.kumactl(args);
      assert.equal(done.code, 1);
      assert.match(done.stderr, /^Error: .*CHAIN_ADD failed \(Operation not supported\)/m);
      assert.doesNotMatch(done.stderr + done.stdout, /will try again/);
      const dry = await machine.kumactl([...args, "--dry-run"]);
      assert.equal(dry.code, 1);
      assert.ok(
        dry.stderr.includes(`: ${name} has the name of a chain of iptables`),
        dry.stderr,
      );
      assert.match(dry.stderr, /\[KUMA-TP-205\]/);
      assert.equal(await machine.must("nft", "list", "ruleset"), before);
    },
  );
}

requires("root", "netns", "iptables-nft")(
  "chains of iptables' own clash with nothing",
  async () => {
    await using machine = await Machine.create();
    await machine.restore("nft", "ipv4", BUSY_HOST);
    const args = install("--redirect-all-dns-traffic", "--drop-invalid-packets");
    await machine.kumactlMust(...args, "--dry-run");
    await machine.kumactlMust(...args);
    await machine.kumactlMust(...args, "--dry-run");
  },
);

async function refusesToChange(machine: Machine, args: string[]): Promise<void> {
  const before = await machine.firewall();
  const done = await machine.kumactl(args);
  assert.notEqual(done.code, 0);
  const errors = done.stderr.split("\n").filter((line) => line.startsWith("Error: "));
  assert.equal(errors.length, 1, done.stderr);
  assert.match(errors[0] ?? "", /this kernel has no such table/);
  assert.equal(await machine.firewall(), before);
}

/** Tools as `--iptables-executables` names them, with an ip6tables-restore that fails. */
async function brokenTools(
  machine: Machine,
  flavour: Flavour,
  when: "always" | "unless it only tests",
): Promise<string> {
  const real = `/usr/sbin/${toolName(flavour, "ipv6")}`;
  const passed = when === "always" ? "--version" : "--version|--test|-t";
  const restore = await machine.putProgram(
    "ip6tables-restore",
    `#!/bin/sh
for word; do case "$word" in ${passed}) exec ${real}-restore "$@";; esac; done
echo "ip6tables-restore: this kernel has no such table" >&2
exit 4
`,
  );
  return [
    `iptables:/usr/sbin/iptables-${flavour}`,
    `iptables-save:/usr/sbin/iptables-${flavour}-save`,
    `iptables-restore:/usr/sbin/iptables-${flavour}-restore`,
    `ip6tables:${real}`,
    `ip6tables-save:${real}-save`,
    `ip6tables-restore:${restore}`,
  ].join(",");
}
