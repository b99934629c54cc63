/** Hosts that lack something, or have too much of it. */
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { requires } from "tests/support/requires.ts";
import { HOST_RULES, install, Machine, uninstall } from "./machine.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const OURS = /KUMA_MESH_INBOUND/;

test("IPv6 is switched off: IPv4 alone, and that is success", async () => {
  await using machine = await Machine.create({ ipv6: false });
  const scope = "/proc/sys/net/ipv6/conf/all/disable_ipv6";
  assert.equal((await machine.run("tee", [scope], { stdin: "1" })).code, 0);
  await machine.kumactlMust(...install("--redirect-all-dns-traffic"));
  assert.match(await machine.save("nft", "ipv4"), OURS);
  assert.doesNotMatch(await machine.save("nft", "ipv6"), OURS);
  const only = await machine.kumactl(install("--ip-family-mode", "ipv6"));
  assert.notEqual(only.code, 0, "IPv6 alone cannot be had");
  assert.match(only.stderr, /^Error: .*IPv6.*\n(Hint: .*\n)?$/m);
  assert.match(await machine.save("nft", "ipv4"), OURS);
  await machine.kumactlMust(...uninstall());
  assert.equal(await machine.must("nft", "list", "ruleset"), "");
});

test("no IPv6 address but ::1: IPv4 alone", async () => {
  await using machine = await Machine.create({ ipv6: false });
  await machine.kumactlMust(...install());
  assert.match(await machine.save("nft", "ipv4"), OURS);
  assert.doesNotMatch(await machine.save("nft", "ipv6"), OURS);
});

test("the loopback interface refuses ::6 on a host with IPv6: IPv4 alone, with a warning, whatever is said else", async () => {
  await using machine = await Machine.create();
  for (
    const words of [
      ["link", "add", "eth0", "type", "veth", "peer", "name", "peer0"],
      ["address", "add", "fd98::1/64", "dev", "eth0", "nodad"],
      ["link", "set", "eth0", "up"],
    ]
  ) await machine.must("ip", ...words);
  const scope = "/proc/sys/net/ipv6/conf/lo/disable_ipv6";
  assert.equal((await machine.run("tee", [scope], { stdin: "1" })).code, 0);
  for (const backend of ["iptables", "nftables"]) {
    const done = await machine.kumactl(install("--firewall-backend", backend));
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /\[WARNING\].*IPv6 is skipped: cannot add ::6\/128 to "lo"/);
    assert.match(done.stdout, /set up successfully \(IPv4, cannot add ::6\/128/);
    await machine.kumactlMust(...uninstall());
  }
});

test("a resolver of this host that all redirected DNS would come back to is told, and success says what is", async () => {
  const files = { "/etc/resolv.conf": "nameserver 127.0.0.53\n" };
  await using machine = await Machine.create({ files });
  const loop = await machine.kumactl(install("--redirect-all-dns-traffic"));
  assert.equal(loop.code, 0, loop.stderr);
  assert.match(loop.stderr, /\[WARNING\].*DNS may go in circles: .*127\.0\.0\.53/);
  await machine.putFiles({ "/etc/resolv.conf": "search example.org\n" });
  const none = await machine.kumactl(install("--redirect-dns"));
  assert.equal(none.code, 0, none.stderr);
  assert.match(none.stdout, /DNS not redirected, since resolv\.conf names no server\. /);
  assert.doesNotMatch(none.stderr, /circles/);
});

test("no ip6tables on the host: a warning, IPv4 alone", async () => {
  await using machine = await Machine.create();
  await keepPrograms(machine, ["iptables-nft", "iptables-nft-save", "iptables-nft-restore"]);
  const done = await machine.kumactl(install());
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /\[WARNING\].*ip6tables/);
  const rules = await machine.must("iptables-nft-save");
  assert.match(rules, OURS);
});

test("no iptables on the host: nftables, and without that one line, naming both flavours", async () => {
  await using machine = await Machine.create();
  await keepPrograms(machine, []);
  const done = await machine.kumactl(install("--firewall-backend", "iptables"));
  assert.notEqual(done.code, 0);
  assert.match(done.stderr, /^Error: [^\n]*nft[^\n]*legacy[^\n]*\n(Hint: [^\n]*\n)?$/);
  const auto = await machine.kumactl(install());
  assert.equal(auto.code, 0, auto.stderr);
  assert.match(auto.stdout + auto.stderr, /iptables cannot be used, going on without it/);
  assert.match(
    await machine.must("nft", "list", "table", "inet", "kuma-mesh"),
    /redirect to :15001/,
  );
  await machine.kumactlMust(...uninstall());
});

test("rules that iptables-nft does not list are an error: no legacy rules beside them, no advice to install it", async () => {
  await using machine = await Machine.create();
  for (const family of FAMILIES) await machine.restore("nft", family, HOST_RULES);
  const before = await machine.firewall();
  const script =
    '#!/bin/sh\ncase "$*" in --version) exec /usr/sbin/iptables-nft-save "$@";; esac\n' +
    'echo "iptables-nft-save: the list keeps changing" >&2; exit 1\n';
  await machine.putProgram("iptables-nft-save", script);
  const path = `PATH=${machine.folder}:${Deno.env.get("PATH")}`;
  const kumactl = (args: string[]) => machine.run("env", [path, kumactlPath(), ...args]);
  const dry = [install("--dry-run"), uninstall("--dry-run")];
  for (const args of [install(), uninstall(), ...dry]) {
    const done = await kumactl(args);
    assert.equal(done.code, 1, done.stdout);
    assert.match(
      done.stderr,
      /^Error: .*iptables-nft-save failed: exit status 1: .* keeps changing \[KUMA-TP-203\]/m,
    );
    assert.doesNotMatch(done.stderr, /install the package/);
    assert.equal(await machine.firewall(), before);
  }
});

test("more rules of others than can be listed at once, in a table that is none of ours: both ways all the same", async () => {
  await using machine = await Machine.create({ ipv6: false });
  const comment = "x".repeat(250);
  const rules = Array.from(
    { length: 60_000 },
    (_, at) =>
      `-A INPUT -s 10.${at >> 16}.${(at >> 8) & 255}.${
        at & 255
      } -m comment --comment ${comment} -j DROP\n`,
  );
  await machine.restore(
    "legacy",
    "ipv4",
    `*filter\n${rules.join("")}COMMIT\n*nat\n:OTHERS -\nCOMMIT\n`,
  );
  const nat = async () =>
    (await machine.must("iptables-legacy-save", "-t", "nat")).replaceAll(
      /^#.*\n|\[\d+:\d+\]/gm,
      "",
    );
  const before = await nat();
  await machine.kumactlMust(...install());
  assert.match(await nat(), OURS);
  await machine.kumactlMust(...uninstall());
  assert.equal(await nat(), before);
});

test("an ACCEPT of others ahead of our jump: a warning that names it, at install, again and in a dry run", async () => {
  for (const flavour of ["nft", "legacy"] as const) {
    await using machine = await Machine.create();
    const rules = "*nat\n-A OUTPUT -d 198.51.100.0/24 -p tcp -j ACCEPT\nCOMMIT\n";
    for (const family of FAMILIES) await machine.restore(flavour, family, HOST_RULES);
    await machine.restore(flavour, "ipv4", rules);
    const warning =
      /\[WARNING\].*come before ours, .* not intercepted: -A OUTPUT -d 198\.51\.100\.0\/24 -p tcp -j ACCEPT/;
    for (const args of [["--dry-run"], [], []]) {
      const done = await machine.kumactl(install(...args));
      assert.equal(done.code, 0, done.stderr);
      assert.match(done.stderr, warning);
    }
    const inserted = ["outbound", "inbound"].map((direction) =>
      `  ${direction}: {insertRedirectInsteadOfAppend: true}`
    );
    const first = await machine.kumactl(
      install("--config", ["redirect:", ...inserted].join("\n")),
    );
    assert.equal(first.code, 0, first.stderr);
    assert.doesNotMatch(first.stderr, /come before ours/);
  }
});

test("the flavour that holds rules is the one that is used", async () => {
  for (const used of ["nft", "legacy"] as const) {
    await using machine = await Machine.create();
    const other = used === "nft" ? "legacy" : "nft";
    for (const family of FAMILIES) await machine.restore(used, family, HOST_RULES);
    await machine.kumactlMust(...install());
    for (const family of FAMILIES) {
      assert.match(await machine.save(used, family), OURS);
      assert.doesNotMatch(await machine.save(other, family), OURS);
    }
  }
});

test("both flavours hold rules: nft, with a warning; Docker's chain decides otherwise", async () => {
  await using machine = await Machine.create();
  for (const flavour of ["nft", "legacy"] as const) {
    await machine.restore(flavour, "ipv4", HOST_RULES);
  }
  const done = await machine.kumactl(install());
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /WARNING/);
  assert.match(await machine.save("nft", "ipv4"), OURS);
  await machine.kumactlMust(...uninstall());
  await machine.restore(
    "legacy",
    "ipv4",
    "*nat\n:DOCKER_OUTPUT - [0:0]\n-A OUTPUT -d 127.0.0.11 -j DOCKER_OUTPUT\nCOMMIT\n",
  );
  await machine.kumactlMust(...install());
  assert.match(await machine.save("legacy", "ipv4"), OURS);
  assert.doesNotMatch(await machine.save("nft", "ipv4"), OURS);
});

test("a slow user database: the owner match does not wait for it", async () => {
  // hesiod asks a DNS server for users. This one is reachable and never answers: two times 3 s a name.
  await using machine = await Machine.create({
    files: {
      "/etc/resolv.conf": "nameserver 10.9.9.9\noptions timeout:3 attempts:1\n",
      "/etc/nsswitch.conf": "passwd: hesiod files\n",
    },
  });
  await machine.must("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1");
  await machine.must("ip", "address", "add", "10.9.9.1/24", "dev", "v0");
  for (const end of ["v0", "v1"]) await machine.must("ip", "link", "set", end, "up");
  const mac = ["lladdr", "02:00:00:00:00:09", "dev", "v0", "nud", "permanent"];
  await machine.must("ip", "neigh", "replace", "10.9.9.9", ...mac);

  const env = { HESIOD_CONFIG: await machine.putProgram("hesiod.conf", "lhs=.ns\nrhs=.test\n") };
  const words = ["-A", "OUTPUT", "-m", "owner", "--uid-owner", "5678", "-j", "RETURN"];
  const bare = await timed(() => machine.run("iptables-nft", words, { env }));
  assert(bare > 2_500, `the database is not slow: ${Math.round(bare)} ms`);
  await machine.must("iptables-nft", "-F", "OUTPUT");

  // What the programs get of kumactl: the variable, so that hesiod is not idle for want of it.
  const seen = `${machine.folder}/seen`;
  const watched = await machine.putProgram(
    "watched-restore",
    `#!/bin/sh\necho "$HESIOD_CONFIG" >> ${seen}\nexec /usr/sbin/iptables-nft-restore "$@"\n`,
  );
  const tools =
    `iptables:/usr/sbin/iptables-nft,iptables-save:/usr/sbin/iptables-nft-save,iptables-restore:${watched}`;
  const args = install("--redirect-all-dns-traffic", "--iptables-executables", tools);
  const ours = await timed(() => machine.kumactl(args, { env }));
  assert(ours < 2_500, `install took ${Math.round(ours)} ms, one bare rule ${Math.round(bare)} ms`);
  assert.match(await machine.save("nft", "ipv4"), OURS);
  assert.match(await Deno.readTextFile(seen), new RegExp(`^${env.HESIOD_CONFIG}$`, "m"));
  const gone = await timed(() => machine.kumactl(uninstall(), { env }));
  assert(gone < 2_500, `uninstall took ${Math.round(gone)} ms`);
  assert.doesNotMatch(await machine.save("nft", "ipv4"), OURS);
});

test("not root, or root without CAP_NET_ADMIN: said before anything is touched", async () => {
  await using machine = await Machine.create();
  const before = await machine.firewall();
  const asNobody = await as(machine, ["setpriv", "--reuid", "1000", "--clear-groups"]);
  assert.match(
    asNobody,
    /^Error: you need to have root privileges to run this command[^\n]*\n(Hint: [^\n]*\n)?$/,
  );
  const weak = await as(machine, [
    "setpriv",
    "--bounding-set",
    "-net_admin",
    "--inh-caps",
    "-net_admin",
  ]);
  assert.match(weak, /^Error: [^\n]*CAP_NET_ADMIN[^\n]*\n(Hint: [^\n]*\n)?$/);
  assert.equal(await machine.firewall(), before);
});

async function as(machine: Machine, [program = "", ...args]: string[]): Promise<string> {
  const done = await machine.run(program, [...args, kumactlPath(), ...install()]);
  assert.notEqual(done.code, 0);
  return done.stderr;
}

/** Leaves only these programs in /usr/sbin and none with "tables" in their name elsewhere. */
async function keepPrograms(machine: Machine, names: readonly string[]): Promise<void> {
  const folder = `${machine.folder}/sbin`;
  await Deno.mkdir(folder);
  // Anything else that starts with a name of iptables would be found behind the fallback folders.
  for (const name of ["ip", "nft", ...names]) {
    await Deno.copyFile(await Deno.realPath(`/usr/sbin/${name}`), `${folder}/${name}`);
  }
  await machine.must("mount", "--bind", folder, "/usr/sbin");
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
