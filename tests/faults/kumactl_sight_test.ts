/** What kumactl may not look at, or not read, is no absence; and what it cannot do leaves nothing half done. */
import assert from "node:assert/strict";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { requires } from "tests/support/requires.ts";
import { install, Machine, uninstall } from "./machine.ts";

const STATUS = ["status", "transparent-proxy"];
const WITHOUT = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];
/** Root of a user namespace that the network namespace does not belong to: it has the capability, and no right. */
const ROOT_ELSEWHERE = ["unshare", "--user", "--map-root-user"];

requires("root", "netns", "iptables-nft")(
  "who may not look is told so, whatever rules are in",
  async () => {
    for (const backend of ["iptables", "nftables"]) {
      await using machine = await Machine.create();
      await machine.kumactlMust(...install("--firewall-backend", backend));
      const before = await machine.firewall();
      for (const [program = "", ...words] of [WITHOUT, ROOT_ELSEWHERE]) {
        const as = (...args: string[]) => machine.run(program, [...words, kumactlPath(), ...args]);
        const told = await as(...STATUS);
        assert.match(told.stderr, /^Error: the firewall cannot be looked at: .* \[KUMA-TP-043\]\n/);
        assert.deepEqual([told.code, told.stdout], [3, ""]);
        const checked = await as("check", "-o", "short");
        assert.match(checked.stdout, / proxy-installed: .*\[KUMA-TP-043\]$/m);
        assert.equal(checked.code, 2, checked.stdout);
        for (const command of [uninstall(), install("--firewall-backend", backend)]) {
          const { code, stderr } = await as(...command);
          assert.match(stderr, /^Error: .*\[KUMA-TP-[0-9]+\]/);
          assert.equal(code, 1);
        }
      }
      assert.equal(await machine.firewall(), before);
    }
  },
);

requires("root", "netns")("what would change is not told by who sees nothing", async () => {
  await using machine = await Machine.create();
  const [program = "", ...words] = WITHOUT;
  const as = (...args: string[]) => machine.run(program, [...words, kumactlPath(), ...args]);
  for (const more of [["-o", "json"], ["-o", "yaml"], ["--diff"]]) {
    for (const command of [install("--dry-run", ...more), uninstall("--dry-run", ...more)]) {
      const { code, stdout, stderr } = await as(...command);
      assert.match(
        stderr,
        /^Error: .* cannot be looked at without CAP_NET_ADMIN \[KUMA-TP-043\]$/m,
      );
      assert.deepEqual([code, stdout], [more.includes("--diff") ? 2 : 1, ""]);
    }
  }
  const gone = await machine.kumactl([...STATUS, "--netns", "4194303"]);
  assert.match(gone.stderr, /does not exist \[KUMA-HOST-111\]\nHint: give the PID of a process/);
  assert.equal(gone.code, 3);
});

requires("root", "netns", "iptables-nft")(
  "where old rules cannot be taken away, new ones go again",
  async () => {
    await using machine = await Machine.create();
    await machine.kumactlMust(...install());
    for (const name of ["nft", "legacy"]) {
      await machine.must("mount", "--bind", "/dev/null", `/usr/sbin/xtables-${name}-multi`);
    }
    const before = await machine.must("nft", "list", "ruleset");
    for (const backend of ["nftables", "auto"]) {
      const { code, stderr } = await machine.kumactl(install("--firewall-backend", backend));
      assert.match(
        stderr,
        /the firewall cannot be read: no nft iptables was found.* \[KUMA-TP-201\]/,
      );
      assert.equal(code, 1);
      assert.equal(await machine.must("nft", "list", "ruleset"), before);
    }
  },
);

requires("root", "netns", "iptables-nft")(
  "what a host lacks is told in a line with a code",
  async () => {
    await using machine = await Machine.create();
    await machine.must("mount", "-t", "tmpfs", "none", "/etc");
    await machine.must("mkdir", "/etc/passwd");
    for (const command of [install("--kuma-dp-user", "kuma-dp"), ["check", "--pre"]]) {
      const { code, stderr } = await machine.kumactl(command);
      assert.match(
        stderr,
        /^Error: .*cannot read the users in \/etc\/passwd: .*\[KUMA-HOST-151\]\n$/,
      );
      assert.equal(code, 1);
    }
    await machine.must("umount", "/etc");
    // Not every container has these.
    await machine.must("mount", "-t", "tmpfs", "none", "/proc/sys");
    const looked = await machine.kumactl(["check", "--pre", "-o", "short"]);
    assert.match(
      looked.stdout,
      / leftover-notes: cannot read "\/proc\/sys\/kernel\/random\/boot_id"/m,
    );
    const done = await machine.kumactl(install("--kuma-dp-user", "5678"));
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^# 'kumactl status' will not know what was installed: /m);
    await machine.kumactlMust(...uninstall());
    assert.doesNotMatch(await machine.firewall(), /KUMA/);
  },
);
