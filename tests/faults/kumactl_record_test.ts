/** What kumactl notes of an installation, where it is killed in between or the disk is full. */
import assert from "node:assert/strict";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { requires } from "tests/support/requires.ts";
import { install, Machine, uninstall } from "./machine.ts";

const FOLDER = "/run/kuma-transparent-proxy";
const NFTABLES = ["--firewall-backend", "nftables"];
const FIRST = install(...NFTABLES, "--exclude-inbound-ports", "22");
const SECOND = install(...NFTABLES, "--redirect-all-dns-traffic");
const STATUS = ["status", "transparent-proxy"];

requires("root", "netns", "strace")(
  "killed between the rules and the record, the rules are known for what they are",
  async () => {
    await using machine = await Machine.create();
    await machine.kumactlMust(...FIRST);
    // The first new name is that of the record that says what is intended, the second that it is done.
    for (
      const [name, words, code] of [
        [2, /was killed before it noted that it was done: its rules are in place/, 0],
        [1, /^Transparent proxy: in place \(nftables\)\n[^]*DNS: +not redirected/, 0],
      ] as const
    ) {
      await machine.kumactlMust(...FIRST);
      const calls = "rename,renameat,renameat2";
      const killed = await machine.run("strace", [
        ...["-f", "-qq", "-o", "/dev/null", "-e", `trace=${calls}`],
        ...["-e", `inject=${calls}:signal=KILL:when=${name}`, kumactlPath(), ...SECOND],
      ]);
      assert.equal(killed.code, 137, killed.stderr);
      const told = await machine.kumactl(STATUS);
      assert.match(told.stdout, words);
      assert.equal(told.code, code, told.stdout);
    }
    await machine.kumactlMust(...SECOND);
    assert.doesNotMatch((await machine.kumactl(STATUS)).stdout, /killed/);
  },
);

requires("root", "netns")(
  "on a full disk the record of an earlier installation does not stay and lie",
  async () => {
    await using machine = await Machine.create();
    await machine.must("mkdir", "-m", "700", FOLDER);
    await machine.must("mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", FOLDER);
    await machine.kumactlMust(...FIRST);
    await machine.run("sh", ["-c", `cat /dev/zero > ${FOLDER}/full`]);
    await machine.kumactlMust(...SECOND);
    // What the old record took is enough for the new one.
    const told = await machine.kumactl(STATUS);
    assert.match(told.stdout, /in place[^]*DNS: +to port 15053/);
    assert.equal(told.code, 0, told.stdout);
  },
);

requires("root", "netns", "iptables-nft")(
  "where notes can neither be written nor removed, it is said, and all else is done",
  async () => {
    await using machine = await Machine.create();
    const before = await machine.firewall();
    const remount = (how: string) => machine.must("mount", "-o", `remount,${how}`, "/run");
    await machine.kumactlMust(...install());
    await remount("ro");
    const other = await machine.kumactl(install(...NFTABLES));
    assert.equal(other.code, 0, other.stderr);
    assert.match(other.stderr, /what it knows of an earlier installation stays$/m);
    assert.match(other.stderr, /notes of rules that are gone stay: cannot remove "\/run\/kuma-t/);
    const looked = await machine.kumactl(["check", "--pre", "-o", "short"]);
    assert.match(looked.stdout, /leftover-notes: nothing can be written .* read-only file system/);
    const left = await machine.kumactl(uninstall());
    assert.match(
      left.stderr,
      /^Error: the rules are gone, and what was noted of them is not: cannot remove .*\[KUMA-TP-212\]\nHint: make/m,
    );
    assert.equal(left.code, 1);
    assert.equal(await machine.firewall(), before);
    await remount("rw");
    await machine.must(
      "sh",
      "-c",
      `echo garbage > ${FOLDER}/$(stat -Lc %i /proc/self/ns/net).json`,
    );
    const again = await machine.kumactl(uninstall());
    assert.match(again.stderr, /is ignored: /);
    const { code, stdout, stderr } = await machine.kumactl(uninstall());
    assert.deepEqual([code, stderr], [0, ""], stdout);
    // Somewhere that has never been written to.
    await machine.must("rm", "-r", FOLDER);
    await remount("ro");
    const fresh = await machine.kumactl(install());
    assert.equal(fresh.code, 0, fresh.stderr);
    assert.match(fresh.stdout, /# 'kumactl status' will not know what was installed: /);
    assert.equal((await machine.kumactl(uninstall())).code, 0);
    assert.doesNotMatch(await machine.firewall(), /KUMA/);
  },
);
