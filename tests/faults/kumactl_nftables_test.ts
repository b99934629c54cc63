/** The nftables backend on machines of all kinds: what it starts, what it leaves, and when it is refused. */
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { sleep } from "tests/support/processes.ts";
import { LimitedGroup } from "tests/support/limited_group.ts";
import { randomFrom } from "tests/support/property.ts";
import { requires } from "tests/support/requires.ts";
import { BUSY_HOST, HOST_RULES, install, Machine, uninstall } from "./machine.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const NFTABLES = ["--firewall-backend", "nftables"];
const LIST = ["list", "table", "inet", "kuma-mesh"];
const KILLS = 100;

test("killed at random moments: the table is the old or the new one, never between, never none", async () => {
  await using machine = await Machine.create();
  const old = install(...NFTABLES, "--exclude-inbound-ports", "22,80,443");
  const fresh = install(
    ...NFTABLES,
    "--redirect-all-dns-traffic",
    "--exclude-inbound-ports",
    "1,3,5",
  );
  const listed = async () => await machine.must("nft", ...LIST);
  await machine.kumactlMust(...old);
  const before = await listed();
  const started = performance.now();
  await machine.kumactlMust(...fresh);
  const took = performance.now() - started;
  const after = await listed();
  assert.notEqual(before, after);
  const random = randomFrom();
  const seen = { before: 0, after: 0 };
  for (let i = 0; i < KILLS; i++) {
    const child = machine.start(i % 2 === 0 ? old : fresh);
    await sleep((i + random()) / KILLS * took * 1.2);
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // It had ended by itself.
    }
    await child.status;
    const found = await listed();
    if (found === before) seen.before++;
    else if (found === after) seen.after++;
    else assert.fail(`neither old nor new:\n${found}`);
  }
  await machine.kumactlMust(...uninstall());
  assert.equal(await machine.must("nft", "list", "ruleset"), "");
  Deno.stderr.writeSync(new TextEncoder().encode(`nftables: ${JSON.stringify(seen)}\n`));
});

test("no program is started: install, the same again, another configuration, uninstall", async () => {
  await using machine = await Machine.create();
  const trace = `${machine.folder}/trace`;
  const traced = async (args: string[]) => {
    const strace = ["-f", "-qq", "-e", "trace=execve", "-z", "-o", trace, kumactlPath(), ...args];
    const stdout = await machine.must("strace", ...strace);
    assert.equal(Deno.readTextFileSync(trace).match(/execve\(/g)?.length, 1, "kumactl alone");
    return stdout;
  };
  assert.match(await traced(install(...NFTABLES)), /set up successfully \(IPv4 and IPv6\)/);
  assert.match(await traced(install(...NFTABLES)), /was set up like this already/);
  assert.match(await traced(install(...NFTABLES, "--redirect-all-dns-traffic")), /DNS to 15053/);
  assert.match(await traced(uninstall()), /uninstalled successfully/);
  assert.equal(await machine.must("nft", "list", "ruleset"), "");
});

test("beside everybody else's rules: theirs are untouched, whatever is installed and moved", async () => {
  await using machine = await Machine.create();
  for (const family of FAMILIES) await machine.restore("nft", family, BUSY_HOST);
  await machine.restore("legacy", "ipv4", HOST_RULES);
  const before = await machine.firewall();
  const ruleset = async () => await machine.must("nft", "list", "tables");
  await machine.kumactlMust(...install(...NFTABLES));
  assert.equal(await machine.firewall(), before);
  // auto stays with what is in use.
  const again = await machine.kumactlMust(...install());
  assert.match(again, /was set up like this already/);
  assert.equal(await machine.firewall(), before);

  await machine.kumactlMust(...install("--firewall-backend", "iptables", "--disable-comments"));
  assert.doesNotMatch(await ruleset(), /kuma-mesh/);
  assert.notEqual(await machine.firewall(), before);
  await machine.kumactlMust(...install());
  assert.doesNotMatch(await ruleset(), /kuma-mesh/);
  // The journal tells which rules without a comment are ours.
  await machine.kumactlMust(...install(...NFTABLES));
  assert.match(await ruleset(), /kuma-mesh/);
  assert.equal(await machine.firewall(), before);
  await machine.kumactlMust(...uninstall());
  assert.equal(await machine.firewall(), before);
  assert.doesNotMatch(await ruleset(), /kuma-mesh/);
});

test("uninstall takes out what both backends left", async () => {
  await using machine = await Machine.create();
  await machine.kumactlMust(...install());
  const table = await machine.must("iptables-nft-save");
  assert.match(table, /KUMA_MESH/);
  // As by a run that was killed on its way from one to the other.
  const { stdout } = await machine.kumactl(install(...NFTABLES, "--dry-run"));
  assert.equal((await machine.run("nft", ["-f", "-"], { stdin: stdout })).code, 0);
  const shown = await machine.kumactlMust(...uninstall("--dry-run"));
  assert.match(shown, /the table inet kuma-mesh of nftables would go/);
  await machine.kumactlMust(...uninstall());
  assert.equal(await machine.must("nft", "list", "ruleset"), "");
});

test("settings: flag, variable and key; what is none, or cannot be followed, is refused with the reason", async () => {
  await using machine = await Machine.create();
  const refused = async (words: RegExp, ...args: string[]) => {
    const done = await machine.kumactl(install(...args));
    assert.equal(done.code, 1);
    assert.match(done.stderr, words);
    assert.equal(await machine.must("nft", "list", "ruleset"), "");
  };
  await refused(/'nft' is not a firewall backend: must be one of/, "--firewall-backend", "nft");
  await refused(
    /nftables cannot be used here: storeFirewalld works with iptables only/,
    ...NFTABLES,
    "--store-firewalld",
  );
  const anybody = ["--reuid=1000", "--regid=1000", "--clear-groups", "--bounding-set=-all"];
  const shown = await machine.run("setpriv", [
    ...anybody,
    kumactlPath(),
    ...install(...NFTABLES, "--dry-run"),
  ]);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^table inet kuma-mesh\ndelete table inet kuma-mesh\n/);
  assert.equal(await machine.must("nft", "list", "ruleset"), "");
  await machine.kumactlMust(...install("--config", "firewallBackend: NFTables"));
  assert.match(await machine.must("nft", ...LIST), /redirect to :15001/);
  await machine.kumactlMust(...uninstall());
  const name = "KUMA_TRANSPARENT_PROXY_FIREWALL_BACKEND=nftables";
  await machine.must("env", name, kumactlPath(), ...install("--ip-family-mode", "ipv4"));
  assert.doesNotMatch(await machine.must("nft", ...LIST), /ip6/);
  assert.match(await machine.must("nft", ...LIST), /meta nfproto ipv4/);
});

requires("root", "netns", "iptables-nft", "cgroup-limits")(
  "with too little memory: the old table or the new one; with what kuma-init has, the new one",
  async () => {
    await using machine = await Machine.create();
    await machine.kumactlMust(...install(...NFTABLES));
    const before = await machine.must("nft", ...LIST);
    const wanted = install(...NFTABLES, "--redirect-all-dns-traffic");
    const [first, ...rest] = machine.entry;
    let found = before;
    for (const mebibytes of [16, 28, 40, 128]) {
      using group = new LimitedGroup({ memoryBytes: mebibytes << 20, milliCpu: 2000 });
      const args = [...rest, kumactlPath(), ...wanted];
      const { code } = await group.run(first, args, mebibytes === 128 ? 60_000 : 3000);
      const now = await machine.must("nft", ...LIST);
      const whole = now === found ||
        /udp dport 53 counter packets \d+ bytes \d+ redirect to :15053/.test(now);
      assert(whole, `${mebibytes} MiB: neither old nor new:\n${now}`);
      found = now;
      if (mebibytes === 128) assert.equal(code, 0);
    }
    assert.notEqual(found, before);
    await machine.kumactlMust(...wanted);
    assert.equal(await machine.must("nft", ...LIST), found, "nothing was left to do");
  },
);
