/** `--store-firewalld` against the firewalld that Debian ships: it loads the file and brings the rules up. */
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { requires } from "tests/support/requires.ts";
import { Firewalld } from "./firewalld_daemon.ts";
import { install, Machine, uninstall } from "./machine.ts";

const test = requires("root", "netns", "iptables-nft", "firewalld");

const FOREIGN = `<?xml version="1.0" encoding="utf-8"?>
<direct>
  <!-- the office -->
  <chain ipv="ipv4" table="nat" chain="OFFICE"/>
  <rule ipv="ipv4" table="nat" chain="OUTPUT" priority="0">-p udp --dport 53 -j OFFICE</rule>
  <rule ipv='ipv4' table="nat" chain="OFFICE" priority="0">-m comment --comment 'two words' -j RETURN</rule>
</direct>
`;

const CONFIGURATION = [
  "--store-firewalld",
  "--redirect-all-dns-traffic",
  "--drop-invalid-packets",
  "--exclude-outbound-ports-for-uids",
  "tcp,udp:22,80-90:106-108",
  "--exclude-outbound-ips",
  "10.1.2.3/8,fd17::/8",
];

for (const backend of ["nftables", "iptables"] as const) {
  test(`${backend} backend: firewalld loads the stored rules, they work, uninstall gives the file back`, async () => {
    await using machine = await Machine.create();
    const folder = await Firewalld.prepare(
      machine,
      `DefaultZone=public\nFirewallBackend=${backend}\n`,
    );
    const file = `${folder}/direct.xml`;
    await Deno.writeTextFile(file, FOREIGN, { mode: 0o640 });
    await machine.kumactlMust(...install(...CONFIGURATION));
    const stored = await Deno.readTextFile(file);
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o640);
    await machine.kumactlMust(...install(...CONFIGURATION));
    assert.equal(await Deno.readTextFile(file), stored, "a second run changes nothing");
    const applied = await ourRules(machine);

    // What a restart of the host does to rules.
    await machine.must("nft", "flush", "ruleset");
    assert.deepEqual(await ourRules(machine), {});
    {
      await using firewalld = await Firewalld.start(machine);
      assert.deepEqual(firewalld.complaints(), []);
      assert.deepEqual(inChainsOf(await ourRules(machine)), applied);
      const nat = await machine.save("nft", "ipv4");
      assert.match(nat, /-A OFFICE -m comment --comment "two words" -j RETURN/);
      const firstOfOutput = nat.split("\n").find((line) =>
        /^-A OUTPUT(?:_direct)? .*dport/.test(line)
      );
      assert.match(firstOfOutput ?? "", /kuma\/mesh/, "inserted rules stand ahead of others");
      const asSidecar = ["--reuid", "5678", "--clear-groups", kumactlPath()];
      await machine.must("setpriv", ...asSidecar, "install", "transparent-proxy-validator");
    }

    await machine.kumactlMust(...uninstall());
    assert.equal(await Deno.readTextFile(file), FOREIGN);
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o640);
    await machine.kumactlMust(...uninstall());
    assert.equal(await Deno.readTextFile(file), FOREIGN);
  });
}

test("firewalld's own nftables: its NAT stands behind our table, which outlives its reload and its end", async () => {
  await using machine = await Machine.create();
  await Firewalld.prepare(machine, "DefaultZone=public\nFirewallBackend=nftables\n");
  const table = async () =>
    await machine.must("nft", "--stateless", "list", "table", "inet", "kuma-mesh");
  const validate = async () => {
    const asSidecar = ["--reuid", "5678", "--clear-groups", kumactlPath()];
    await machine.must("setpriv", ...asSidecar, "install", "transparent-proxy-validator");
  };
  let ours: string;
  {
    await using firewalld = await Firewalld.start(machine);
    // A service of this machine that firewalld redirects itself, in its own chain of prerouting.
    const forward = "--add-forward-port=port=8080:proto=tcp:toport=8081";
    await firewalld.command(machine, forward);
    const theirs = await machine.must("nft", "list", "chains", "inet");
    assert.match(theirs, /type nat hook prerouting priority dstnat \+ 10;/);
    assert.match(theirs, /type nat hook output priority (?:dstnat \+ 10|-90);/);
    await machine.kumactlMust(...install("--firewall-backend", "nftables"));
    ours = await table();
    await validate();
    await firewalld.command(machine, "--reload");
    assert.equal(await table(), ours);
    await validate();
    // firewalld starts afresh while our table is there.
    await firewalld.command(machine, "--complete-reload");
    assert.equal(await table(), ours);
  }
  assert.equal(await table(), ours);
  await validate();
  await machine.kumactlMust(...uninstall());
  assert.doesNotMatch(await machine.must("nft", "list", "tables"), /kuma-mesh/);
});

test("a file of our own creation is private, and goes with uninstall", async () => {
  await using machine = await Machine.create();
  const file = `${await Firewalld.prepare(machine)}/direct.xml`;
  await machine.kumactlMust(...install("--store-firewalld"));
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  await machine.kumactlMust(...install("--store-firewalld", "--redirect-inbound=false"));
  assert.doesNotMatch(await Deno.readTextFile(file), /all other inbound TCP/, "replaced");
  await machine.kumactlMust(...uninstall());
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
});

test("a link stays a link, and what is no file is refused", async () => {
  await using machine = await Machine.create();
  const folder = await Firewalld.prepare(machine);
  const file = `${folder}/direct.xml`;
  const refused = async (reason: RegExp) => {
    const done = await machine.kumactl(install("--store-firewalld"));
    assert.deepEqual([done.code, reason.test(done.stderr)], [1, true], done.stderr);
    assert.doesNotMatch(await machine.save("nft", "ipv4"), /KUMA_MESH/);
  };
  await machine.must("mkfifo", file);
  await refused(/^Error: .*direct\.xml: it is not a regular file/);
  await Deno.remove(file);
  const elsewhere = `${machine.folder}/elsewhere.xml`;
  await Deno.writeTextFile(elsewhere, FOREIGN);
  await Deno.symlink(elsewhere, file);
  await refused(/^Error: .*it is a link to .*elsewhere\.xml/);
  await Deno.remove(file);
  await Deno.writeTextFile(`${folder}/mine.xml`, FOREIGN);
  await Deno.symlink("mine.xml", file);
  await machine.kumactlMust(...install("--store-firewalld"));
  assert.match(await Deno.readTextFile(`${folder}/mine.xml`), /KUMA_MESH/);
  await machine.kumactlMust(...uninstall());
  assert.equal(await Deno.readTextFile(`${folder}/mine.xml`), FOREIGN);
  assert.equal(await Deno.readLink(file), "mine.xml");
});

test("a malformed file is refused with line and column, file and firewall untouched", async () => {
  await using machine = await Machine.create();
  const file = `${await Firewalld.prepare(machine)}/direct.xml`;
  const broken = '<?xml version="1.0"?>\n<direct>\n  <rule ipv="ipv4">-j ACCEPT</direct>\n';
  await Deno.writeTextFile(file, broken);
  const before = await machine.firewall();
  const done = await machine.kumactl(install("--store-firewalld"));
  assert.notEqual(done.code, 0);
  assert.match(
    done.stderr,
    /^Error: \/etc\/firewalld\/direct\.xml: [^\n]*line 3, column 29[^\n]*\n(Hint: [^\n]*\n)?$/m,
  );
  assert.equal(await Deno.readTextFile(file), broken);
  assert.equal(await machine.firewall(), before);
});

test("a dry run shows the file and writes none", async () => {
  await using machine = await Machine.create();
  const folder = await Firewalld.prepare(machine);
  const shown = await machine.kumactlMust(
    ...install("--store-firewalld", "--dry-run", "--redirect-dns"),
  );
  assert.match(
    shown,
    /\n\n<\?xml version="1\.0" encoding="UTF-8"\?>\n<direct>\n {2}<chain ipv="ipv4"/,
  );
  assert.match(shown, /<\/direct>\n\n$/);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["firewalld.conf"]);
});

/** Our rules by `FAMILY TABLE CHAIN`, as both families list them. */
async function ourRules(machine: Machine): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const family of FAMILIES) {
    let table = "";
    for (const line of (await machine.save("nft", family)).split("\n")) {
      if (line.startsWith("*")) table = line.slice(1);
      const [, chain = "", rule = ""] = /^-A (\S+) (.*kuma\/mesh.*)$/.exec(line) ?? [];
      if (rule !== "") (found[`${family} ${table} ${chain}`] ??= []).push(rule);
    }
  }
  return found;
}

/** With its iptables backend firewalld puts direct rules into chains beside the built-in ones. */
function inChainsOf(rules: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(rules).map(([place, list]) => [place.replace(/_direct$/, ""), list]),
  );
}
