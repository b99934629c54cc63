/** kumactl install transparent-proxy --persist systemd, compiled, on a machine that a real systemd starts. */
import assert from "node:assert/strict";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { BootMachine } from "./boot_machine.ts";
import { kumactlPath } from "./kumactl.ts";

const test = requires("root", "netns", "iptables-nft", "cgroup2", "systemd", "strace");
const UNIT = "/etc/systemd/system/kuma-transparent-proxy.service";
const LINK = "/etc/systemd/system/multi-user.target.wants/kuma-transparent-proxy.service";
const DOCUMENT = "/etc/kuma-transparent-proxy.yaml";
const INSTALL = [
  ...["install", "transparent-proxy", "--kuma-dp-user", "kuma-dp", "--ip-family-mode", "ipv4"],
  ...["--redirect-all-dns-traffic", "--exclude-inbound-ports", "22"],
];
const STATUS = ["status", "transparent-proxy"];

test("a restart puts in the very same rules, before the network is up", async () => {
  await using machine = await BootMachine.create();
  const done = await machine.kumactl(...INSTALL, "--persist", "systemd");
  assert.match(done, /kuma-transparent-proxy\.service installs the same at each start/);
  const rules = await machine.save("nft", "ipv4");
  const modes = await machine.must("stat", "-c", "%a %U %n", UNIT, DOCUMENT);
  assert.equal(modes, `644 root ${UNIT}\n644 root ${DOCUMENT}\n`);
  const again = await machine.kumactl(...INSTALL, "--persist", "systemd");
  assert.match(again, /installs the same at each start of this machine already/);
  const verified = await machine.run("systemd-analyze", ["verify", "--man=no", UNIT]);
  assert.equal(verified.code, 0, verified.stderr);
  assert.doesNotMatch(verified.stderr, /kuma-transparent-proxy/);

  await machine.must("nft", "flush", "ruleset");
  await machine.boot();
  await waitUntil(
    "the rules are in again",
    async () => await machine.save("nft", "ipv4") === rules,
    { timeoutMs: 60_000 },
  );
  const text = await waitUntil("the installation is noted", async () => {
    const { stdout, code } = await machine.run(kumactlPath(), [...STATUS, "--show-config"]);
    return code === 0 && stdout;
  });
  assert.match(
    text,
    /persisted: {3}\/etc\/systemd\/system\/kuma-transparent-proxy\.service, enabled/,
  );
  assert.match(text, /excludePorts: \[22\] {2}# \/etc\/kuma-transparent-proxy\.yaml/);
  const order = await machine.must(
    "systemctl",
    "show",
    "-p",
    "Before,Result",
    "kuma-transparent-proxy",
  );
  assert.match(order, /^Result=success$/m);
  assert.match(order, /^Before=.*\bnetwork-pre\.target\b/m);

  await machine.kumactl("uninstall", "transparent-proxy");
  for (const path of [UNIT, LINK, DOCUMENT]) {
    assert.equal((await machine.run("test", ["-e", path])).code, 1, path);
  }
  assert.doesNotMatch(await machine.save("nft", "ipv4"), /KUMA/);
});

test("what is there and not ours stays, and is told; what is half there is told, too", async () => {
  await using machine = await BootMachine.create();
  const persist = [...INSTALL, "--persist", "systemd"];
  const asks = async (words: RegExp, code = 1) => {
    const told = await machine.run(kumactlPath(), STATUS);
    assert.match(told.stdout, words);
    assert.equal(told.code, code, told.stdout);
  };
  const check = async () => (await machine.run(kumactlPath(), ["check", "-o", "json"])).stdout;
  const reboot = /"name": "place-reboot",[^}]*"status": "(\w+)"/;
  await machine.kumactl(...persist);
  await machine.must("rm", LINK);
  await asks(/kuma-transparent-proxy\.service is not enabled/);
  assert.equal(reboot.exec(await check())?.[1], "failed");
  await machine.kumactl(...persist);
  await asks(/, enabled\n/, 0);
  assert.equal(reboot.exec(await check())?.[1], "ok");
  const other = await machine.run(kumactlPath(), [...INSTALL, "--redirect-inbound=false"]);
  assert.match(
    other.stderr,
    /what a restart puts in: .* has other settings than what was installed/,
  );
  await asks(/kuma-transparent-proxy\.yaml has other settings than what was installed/);
  const diff = await machine.run(kumactlPath(), ["uninstall", "transparent-proxy", "--diff"]);
  assert.match(diff.stdout, /^--- \/etc\/systemd\/system\/kuma-transparent-proxy\.service/m);
  await machine.kumactl(...persist);
  await machine.must("sed", "-i", "s/^ExecStart=.*/ExecStart=\\/bin\\/true/", UNIT);
  await asks(/kuma-transparent-proxy\.service runs something else than what was installed/);
  await machine.must("chmod", "666", DOCUMENT);
  const open = await machine.run(kumactlPath(), persist);
  assert.match(open.stderr, /may be written by others \(mode 666\).* \[KUMA-HOST-131\]/);
  await machine.must("rm", DOCUMENT);
  await asks(/kuma-transparent-proxy\.yaml is missing/);
  // As a run leaves it that is killed while it writes.
  const left = UNIT.replace("/kuma", "/.kuma") + ".0123456789abcdef.tmp";
  await machine.must("cp", "/etc/passwd", left);
  await machine.kumactl("uninstall", "transparent-proxy");
  assert.equal((await machine.run("test", ["-e", left])).code, 1);

  // Who is killed in an uninstall has either both or the rules alone: never what comes back after a restart.
  await machine.kumactl(...persist);
  const killed = await machine.run("strace", [
    ...["-f", "-qq", "-o", "/dev/null", "-e", "trace=unlink"],
    ...["-e", "inject=unlink:signal=KILL:when=2", kumactlPath(), "uninstall", "transparent-proxy"],
  ]);
  assert.equal(killed.code, 137, killed.stderr);
  assert.equal((await machine.run("test", ["-e", LINK])).code, 1);
  assert.match(await machine.save("nft", "ipv4"), /KUMA/);
  await machine.kumactl("uninstall", "transparent-proxy");

  await machine.must("cp", "/etc/passwd", UNIT);
  const refused = await machine.run(kumactlPath(), persist);
  assert.match(refused.stderr, /\.service is there, and not ours \[KUMA-TP-240\]/);
  assert.equal(refused.code, 1);
  assert.doesNotMatch(await machine.save("nft", "ipv4"), /KUMA/, "nothing was done");
  await machine.kumactl("uninstall", "transparent-proxy");
  assert.equal(await machine.must("cat", UNIT), await machine.must("cat", "/etc/passwd"));
  const servers = persist.map((word) =>
    word === "--redirect-all-dns-traffic" ? "--redirect-dns" : word
  );
  await machine.must("rm", UNIT);
  await machine.must("sh", "-c", "cp /etc/passwd /run/r && ln -sf /run/r /etc/resolv.conf");
  const early = await machine.run(kumactlPath(), servers);
  assert.match(early.stderr, /names no DNS server before \[KUMA-TP-240\]\nHint: --redirect-all/);
});
