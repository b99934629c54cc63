/** kumactl killed at the one moment that chance seldom meets: one family is done, the other is not. */
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { type Flavour, FLAVOURS, toolName } from "tests/kernel/namespace.ts";
import { requires } from "tests/support/requires.ts";
import { BUSY_HOST, install, Machine, uninstall } from "./machine.ts";

/** A chain of ours; a comment of the busy host names one, too. */
const OURS = /^:KUMA_MESH/m;
const INSTALL = install("--redirect-all-dns-traffic", "--drop-invalid-packets");

for (const flavour of FLAVOURS) {
  const test = requires("root", "netns", `iptables-${flavour}`);
  test(`${flavour}: killed between the families, the next run finishes`, async () => {
    await using machine = await Machine.create();
    for (const family of FAMILIES) await machine.restore(flavour, family, BUSY_HOST);
    const before = await machine.firewall();
    const env = { PATH: `${await deadlyTools(machine, flavour)}:${Deno.env.get("PATH") ?? ""}` };

    await dies(machine, INSTALL, env);
    assert.doesNotMatch(await machine.save(flavour, "ipv6"), OURS);
    const told = await machine.kumactl(["status", "transparent-proxy"]);
    assert.match(told.stdout, /an installation that began .* was killed halfway/);
    assert.equal(told.code, 1);
    await machine.kumactlMust(...INSTALL);
    const full = await machine.firewall();
    assert.match(await machine.save(flavour, "ipv6"), OURS);

    await dies(machine, uninstall(), env);
    assert.match(await machine.save(flavour, "ipv6"), OURS);
    await machine.kumactlMust(...INSTALL);
    assert.equal(await machine.firewall(), full, "install mends a half uninstall");
    await dies(machine, uninstall(), env);
    await machine.kumactlMust(...uninstall());
    assert.equal(await machine.firewall(), before);
  });
}

async function dies(machine: Machine, args: string[], env: Record<string, string>): Promise<void> {
  const done = await machine.kumactl(args, { env });
  assert.equal(done.code, 137, `kumactl was not killed: ${done.stderr}`);
}

/** A folder whose ip6tables-restore waits for IPv4 to be done, then kills who called it. */
async function deadlyTools(machine: Machine, flavour: Flavour): Promise<string> {
  const real = `/usr/sbin/${toolName(flavour, "ipv6")}-restore`;
  await machine.putProgram(
    `${toolName(flavour, "ipv6")}-restore`,
    `#!/bin/sh
for word; do case "$word" in --version|--test|-t) exec ${real} "$@";; esac; done
sleep 0.3
kill -9 $PPID
`,
  );
  return machine.folder;
}
