/** kumactl as an init container runs it: few capabilities, read-only root file system. */
import assert from "node:assert/strict";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import type { Finished } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { install, Machine } from "./machine.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const CAPABILITIES = "-all,+net_admin,+net_raw";

/** A machine whose files are all read-only but for its own folder. */
async function container(): Promise<Machine> {
  const machine = await Machine.create();
  await machine.must("mount", "--bind", machine.folder, machine.folder);
  await machine.must("mount", "-o", "remount,ro", "/run");
  await machine.must("mount", "-o", "remount,bind,ro", "/");
  return machine;
}

/** Root with `drop: [ALL], add: [NET_ADMIN, NET_RAW]`. */
function confined(machine: Machine, ...args: readonly string[]): Promise<Finished> {
  return machine.run("env", [
    `XTABLES_LOCKFILE=${machine.folder}/xtables.lock`,
    "setpriv",
    `--bounding-set=${CAPABILITIES}`,
    `--inh-caps=${CAPABILITIES}`,
    kumactlPath(),
    ...install("--redirect-all-dns-traffic", ...args),
  ]);
}

for (const flags of [[], ["--disable-comments"]]) {
  test(`an init container installs, and again after a restart ${flags.join("")}`, async () => {
    await using machine = await container();
    const first = await confined(machine, ...flags);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(/journal.*Read-only/.test(first.stderr), flags.length > 0, first.stderr);
    const rules = await machine.save("nft", "ipv4");
    assert.match(rules, /-A OUTPUT -p udp .*--to-ports 15053/);
    const second = await confined(machine, ...flags);
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stdout, /set up like this already \(IPv4 and IPv6\)/);
    assert.equal(await machine.save("nft", "ipv4"), rules);
  });
}

test("legacy iptables locks the file that the container names", async () => {
  await using machine = await container();
  const rule = ["-t", "nat", "-A", "POSTROUTING", "-s", "192.0.2.1", "-j", "RETURN"];
  const lock = `XTABLES_LOCKFILE=${machine.folder}/xtables.lock`;
  await machine.must("env", lock, "iptables-legacy", ...rule);
  const done = await confined(machine);
  assert.equal(done.code, 0, done.stderr);
  assert.match(await machine.save("legacy", "ipv4"), /KUMA_MESH_INBOUND/);
});

test("a reader of the output that goes away decides nothing", async () => {
  await using machine = await Machine.create();
  const program = new Deno.Command(machine.entry[0], {
    args: [...machine.entry.slice(1), kumactlPath(), ...install()],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await program.stdout.cancel();
  const errors = await new Response(program.stderr).text();
  assert.deepEqual([(await program.status).code, errors], [0, ""]);
  assert.match(await machine.save("nft", "ipv4"), /KUMA_MESH_INBOUND/);
  assert.match(await machine.save("nft", "ipv6"), /KUMA_MESH_INBOUND/);
});
