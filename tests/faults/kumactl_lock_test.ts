/** The xtables lock in somebody else's hands: kumactl waits for it, or gives up with one clear line. */
import assert from "node:assert/strict";
import { sleep } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { HOST_RULES, install, Machine, uninstall } from "./machine.ts";

const test = requires("root", "netns", "iptables-legacy", "iptables-nft");

/** Holds the machine's lock for so long; gives the process that does. */
async function holdLock(machine: Machine, seconds: number): Promise<Deno.ChildProcess> {
  const [program, ...rest] = machine.entry;
  const holder = new Deno.Command(program, {
    args: [...rest, "flock", "--no-fork", "/run/xtables.lock", "sleep", String(seconds)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await sleep(100);
  return holder;
}

test("legacy: the lock is held for 3 s: install waits and succeeds", async () => {
  await using machine = await Machine.create();
  await machine.restore("legacy", "ipv4", HOST_RULES);
  const holder = await holdLock(machine, 3);
  const start = performance.now();
  await machine.kumactlMust(...install());
  const waited = performance.now() - start;
  await holder.status;
  assert(waited > 2_500 && waited < 15_000, `took ${Math.round(waited)} ms`);
  assert.match(await machine.save("legacy", "ipv4"), /KUMA_MESH_INBOUND/);
});

test("legacy: the lock is held for longer than the limit: one line, nothing changed", async () => {
  await using machine = await Machine.create();
  await machine.restore("legacy", "ipv4", HOST_RULES);
  await machine.kumactlMust(...install());
  const before = await machine.firewall();
  const holder = await holdLock(machine, 60);
  try {
    const short = ["--wait", "1", "--max-retries", "1", "--sleep-between-retries", "100ms"];
    for (
      const args of [
        install("--redirect-dns", ...short),
        install("--exclude-inbound-ports", "22", ...short),
      ]
    ) {
      const start = performance.now();
      const done = await machine.kumactl(args);
      const took = performance.now() - start;
      assert.notEqual(done.code, 0);
      const errors = done.stderr.trimEnd().split("\n").filter((line) => line.startsWith("Error: "));
      assert.equal(errors.length, 1, done.stderr);
      assert.match(errors[0] ?? "", /lock/i);
      assert(took < 25_000, `took ${Math.round(took)} ms`);
    }
    const gone = await machine.kumactl(uninstall());
    assert.notEqual(gone.code, 0, "uninstall cannot have the lock either");
  } finally {
    holder.kill("SIGKILL");
    await holder.status;
  }
  assert.equal(await machine.firewall(), before);
  await machine.kumactlMust(...uninstall());
  assert.doesNotMatch(await machine.save("legacy", "ipv4"), /KUMA_MESH/);
});

test("nft: nobody's lock is waited for", async () => {
  await using machine = await Machine.create();
  const holder = await holdLock(machine, 30);
  try {
    const start = performance.now();
    await machine.kumactlMust(...install());
    assert(performance.now() - start < 10_000);
    assert.match(await machine.save("nft", "ipv4"), /KUMA_MESH_INBOUND/);
  } finally {
    holder.kill("SIGKILL");
    await holder.status;
  }
});
