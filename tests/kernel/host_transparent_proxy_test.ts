/** The edge that kumactl and the CNI plugin share, on machines of its own; without a compiled binary. */
import assert from "node:assert/strict";
import type { HostReport } from "core/host/transparent_proxy/options.ts";
import { HOST_RULES, Machine } from "tests/faults/machine.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { requires } from "tests/support/requires.ts";
import type { Question } from "./host_transparent_proxy_probe.ts";
import { toolName } from "./namespace.ts";

const PROBE = new URL("./host_transparent_proxy_probe.ts", import.meta.url).pathname;
const nft = requires("root", "netns", "iptables-nft");
const both = requires("root", "netns", "iptables-nft", "iptables-legacy");
const OURS = /KUMA_MESH_INBOUND/;
const ALL_DNS = { enabled: true, captureAll: true };
const QUICK = { retry: { maxRetries: 1, sleepBetweenRetries: 10 } };

interface Answer<T> {
  readonly answer: T;
  readonly code?: string;
  readonly message?: string;
  readonly lines: string[];
}

async function ask<T = HostReport>(machine: Machine, question: Question): Promise<Answer<T>> {
  const args = ["run", "--allow-all", "--no-prompt", PROBE, JSON.stringify(question)];
  return JSON.parse(await machine.must(Deno.execPath(), ...args));
}

nft(
  "a fresh host: at most 8 programs, what was done is reported, again costs no restore",
  async () => {
    await using machine = await Machine.create();
    const { answer } = await ask(machine, { verb: "install", dns: ALL_DNS });
    assert.equal(answer.changed, true);
    assert.equal(answer.flavour, "nft");
    assert.deepEqual(answer.families, ["ipv4", "ipv6"]);
    assert.deepEqual(answer.tables, ["ipv4 raw", "ipv4 nat", "ipv6 raw", "ipv6 nat"]);
    assert(answer.children <= 8, `${answer.children} programs`);
    const tested = await ask(machine, { verb: "install", options: { test: true, verify: true } });
    assert.equal(tested.answer.changed, true);
    const again = await ask(machine, { verb: "install" });
    assert.equal(again.answer.changed, false);
    assert(again.answer.children <= 2, "only the two listings");
    const gone = await ask(machine, { verb: "uninstall" });
    assert.equal(gone.answer.changed, true);
    assert.equal(await machine.must("nft", "list", "ruleset"), "");
    const nothing = await ask(machine, { verb: "uninstall" });
    assert.deepEqual([nothing.answer.changed, nothing.answer.children], [false, 0]);
  },
);

both("legacy alone in use: at most 8 programs for both families", async () => {
  await using machine = await Machine.create();
  for (const family of FAMILIES) await machine.restore("legacy", family, HOST_RULES);
  const { answer } = await ask(machine, { verb: "install", dns: ALL_DNS });
  assert.equal(answer.flavour, "legacy");
  assert(answer.children <= 8, `${answer.children} programs`);
});

nft("check names what is missing, and nothing while the rules are as they should be", async () => {
  await using machine = await Machine.create();
  const question: Question = { verb: "check", dns: ALL_DNS };
  await ask(machine, { verb: "install", dns: ALL_DNS });
  assert.deepEqual((await ask<string[]>(machine, question)).answer, []);
  await machine.must("iptables-nft", "-t", "nat", "-F", "KUMA_MESH_INBOUND");
  const { answer } = await ask<string[]>(machine, question);
  assert.equal(answer.length, 1);
  assert.match(answer[0] ?? "", /^ipv4: table nat, chain KUMA_MESH_INBOUND: a rule is missing: /);
});

both("a pod: no journal, no lock of the host, both families at once", async () => {
  for (const flavour of ["nft", "legacy"] as const) {
    await using machine = await Machine.create();
    if (flavour === "legacy") {
      for (const family of FAMILIES) await machine.restore("legacy", family, HOST_RULES);
    }
    const [program, ...rest] = machine.entry;
    const holder = new Deno.Command(program, {
      args: [...rest, "flock", "--no-fork", "/run/xtables.lock", "sleep", "60"],
    }).spawn();
    try {
      const options = { netnsPath: `/proc/${machine.pid}/ns/net` };
      const { answer } = await ask(machine, {
        verb: "install",
        config: { cniMode: true, firewallBackend: "iptables" },
        options,
      });
      assert.deepEqual(answer.families, ["ipv4", "ipv6"]);
      assert.equal(answer.flavour, flavour);
      for (const family of FAMILIES) assert.match(await machine.save(flavour, family), OURS);
      assert.equal(
        (await machine.run("ls", ["/run/kuma-transparent-proxy"])).code,
        2,
        "no journal",
      );
    } finally {
      holder.kill("SIGKILL");
      await holder.status;
    }
  }
});

nft("three runs at once put the rules in once", async () => {
  await using machine = await Machine.create();
  const asked = [1, 2, 3].map(() => ask(machine, { verb: "install", dns: ALL_DNS }));
  const changed = (await Promise.all(asked)).filter(({ answer }) => answer.changed);
  assert.equal(changed.length, 1);
  assert.deepEqual((await ask<string[]>(machine, { verb: "check", dns: ALL_DNS })).answer, []);
});

both("rules of ours in the flavour that is not used any more are taken away", async () => {
  await using machine = await Machine.create();
  await machine.restore("legacy", "ipv4", HOST_RULES);
  await ask(machine, { verb: "install" });
  for (const family of FAMILIES) assert.match(await machine.save("legacy", family), OURS);
  await machine.restore("nft", "ipv4", HOST_RULES);
  await ask(machine, { verb: "install" });
  for (const family of FAMILIES) {
    assert.match(await machine.save("nft", family), OURS);
    assert.doesNotMatch(await machine.save("legacy", family), /KUMA_MESH/);
  }
  await ask(machine, { verb: "install", config: { ipFamilyMode: "ipv4" } });
  assert.doesNotMatch(await machine.save("nft", "ipv6"), /KUMA_MESH/, "nor in the other family");
});

nft(
  "iptables without the comment match: rules without comments, and they go by the journal",
  async () => {
    await using machine = await Machine.create();
    const before = await machine.firewall();
    const named = await tools(
      machine,
      "",
      `case "$*" in *"-m comment"*) exit 2;; esac
for file; do :; done
if [ -f "$file" ] && grep -q -- --comment "$file"; then
  echo "Couldn't load match comment" >&2; exit 2
fi`,
    );
    const question: Question = {
      verb: "install",
      dns: ALL_DNS,
      config: { iptablesExecutables: named, ...QUICK },
    };
    const { answer, lines } = await ask(machine, question);
    assert.equal(answer?.changed, true, lines.join("\n"));
    const rules = await machine.save("nft", "ipv4");
    assert.match(rules, OURS);
    assert.doesNotMatch(rules, /--comment/);
    assert.equal((await ask(machine, { verb: "uninstall" })).answer.changed, true);
    assert.equal(await machine.firewall(), before);
  },
);

nft("a restore that fails after its first table is not repeated with doubled rules", async () => {
  await using machine = await Machine.create();
  const marker = `${machine.folder}/failed`;
  const named = await tools(
    machine,
    "-restore",
    `if [ ! -e ${marker} ]; then
  : > ${marker}
  for file; do :; done
  sed '/COMMIT/q' "$file" | REAL --noflush
  echo "lost the connection to the kernel" >&2
  exit 1
fi`,
  );
  const config = { iptablesExecutables: named, ...QUICK };
  const options = { test: true };
  const broken: Question = { verb: "install", dns: ALL_DNS, config, options };
  const { answer, lines } = await ask(machine, broken);
  assert.equal(answer?.changed, true, lines.join("\n"));
  const zones = (await machine.save("nft", "ipv4")).match(/--zone/g) ?? [];
  assert.equal(zones.length, 4);
  assert.deepEqual((await ask<string[]>(machine, { verb: "check", dns: ALL_DNS })).answer, []);
});

nft("strange executables: a warning, and the host's own are used", async () => {
  const script = async (machine: Machine, text: string) =>
    await machine.putProgram("odd", `#!/bin/sh\n${text}\n`);
  for (const text of ["echo iptables v9.9 (bpf)", "exit 3", "echo nonsense; exit 0"]) {
    await using machine = await Machine.create();
    const path = await script(machine, text);
    const iptablesExecutables = { iptables: path, "iptables-save": path, "iptables-restore": path };
    const { answer, lines } = await ask(machine, {
      verb: "install",
      config: { iptablesExecutables },
    });
    assert.equal(answer.changed, true);
    assert(lines.some((line) => /^warn .*cannot be used/.test(line)), lines.join("\n"));
    assert.match(answer.executables.ipv4 ?? "", /iptables-nft-restore$/);
  }
});

/** IPv4 executables of the machine's own; those whose name ends in `which` run `script` first. */
async function tools(machine: Machine, which: string, script: string) {
  const named: Record<string, string> = {};
  for (const suffix of ["", "-save", "-restore"]) {
    const real = `/usr/sbin/${toolName("nft", "ipv4")}${suffix}`;
    const first = suffix.endsWith(which)
      ? `case "$*" in *--version*|*--test*${which === "" ? "XX" : ""}) exec ${real} "$@";; esac\n` +
        script.replaceAll("REAL", real)
      : "";
    named[`iptables${suffix}`] = await machine.putProgram(
      `iptables${suffix}`,
      `#!/bin/sh\n${first}\nexec ${real} "$@"\n`,
    );
  }
  return named;
}
