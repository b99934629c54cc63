/** kumactl install and uninstall transparent-proxy with eBPF, compiled, in the namespace of a pod. */
import assert from "node:assert/strict";
import { kumactlPath, PASSWD } from "tests/kernel/kumactl.ts";
import { type Finished, run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { usePrivateFiles } from "tests/support/traffic/private_files.ts";
import { LoaderLab } from "./loader_lab.ts";
import { OUTSIDE } from "./pod_lab.ts";
import { Socket } from "./socket.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const test = requires("root", "netns", "bpf-build", "cgroup2", "iptables-nft");

test(
  "kumactl redirects by eBPF, in place of firewall rules, and takes all of it back",
  OPEN_LIBRARIES,
  async () => {
    usePasswd();
    await using lab = await LoaderLab.create();
    using proxy = Socket.listen({ ns: lab.pod.name, uid: 5678, port: 15001 });
    const place = [`--ebpf-bpffs-path=${lab.bpffs}`];
    const ebpf = ["--ebpf-enabled", "--ebpf-instance-ip=10.99.0.2", ...place];
    const cgroup = `--ebpf-cgroup-path=${lab.cgroup}`;

    await must(lab, "install", "--kuma-dp-user=5678");
    assert.match(await rules(lab), /kuma/i);
    const dry = await must(lab, "install", "--kuma-dp-user=5678", ...ebpf, cgroup, "--dry-run");
    assert.match(
      dry.stdout,
      /^# eBPF programs would be attached to the cgroup .*\n(.*\n)*outbound: to port 15001\n/,
    );
    assert.equal((await lab.status()).loaded, false);

    const { stdout } = await must(lab, "install", "--kuma-dp-user=5678", ...ebpf, cgroup);
    assert.match(
      stdout,
      /set up successfully \(IPv4 and IPv6\): inbound to 15006, outbound to 15001/,
    );
    assert.doesNotMatch(await rules(lab), /kuma/i, "the rules of the run before are gone");
    const { pods } = await lab.status();
    assert.deepEqual(pods.map(({ name, problems }) => [name, problems]), [["10.99.0.2", []]]);
    using client = Socket.create({ ns: lab.pod.name, uid: 1000 });
    assert.equal(client.connect({ address: OUTSIDE.ipv4, port: 8080 }), 0);
    using accepted = proxy.accept();
    assert.equal(accepted?.original?.port, 8080);

    await must(
      lab,
      "install",
      "--kuma-dp-user=5678",
      "--exclude-outbound-ports=9090",
      ...ebpf,
      cgroup,
    );
    assert.match(
      (await lab.status()).pods[0]?.configuration.join() ?? "",
      /outbound ports left alone: 9090/,
    );
    const here = await must(lab, "status", ...place);
    assert.match(here.stdout, /^Transparent proxy: in place \(eBPF\)\n/);
    assert.match(here.stdout, /intercepted: outbound 1 connection, inbound 0, DNS 0\n/);
    const otherwise = ["--kuma-dp-user=5678", "--exclude-outbound-ports=9091", ...ebpf];
    const drifted = await lab.pod.run(kumactlPath(), [
      ...["status", "transparent-proxy", ...otherwise],
    ]);
    assert.match(drifted.stdout, /eBPF: not in force: outbound ports left alone: 9091\n/);
    assert.match(drifted.stdout, /eBPF: not wanted: outbound ports left alone: 9090\n/);
    assert.equal(drifted.code, 1);
    const check = ["check", "-o", "short", ...place];
    const checked = await run("nsenter", [`--net=${lab.netns}`, "--", kumactlPath(), ...check]);
    assert.match(checked.stdout, /listens-inbound: nobody listens on TCP port 15006/);
    assert.match(checked.stdout, /, 1 failed\.\n$/, "the rest is as it should be");
    // Who cannot take eBPF out of force puts no rules beside it.
    const lacking = ["--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", kumactlPath()];
    const both = await run("nsenter", [
      ...[`--net=${lab.netns}`, "--", "setpriv", ...lacking, "install", "transparent-proxy"],
      ...["--kuma-dp-user=5678", ...place],
    ]);
    assert.match(both.stderr, /\[KUMA-HOST-113\]\nHint: run as root with CAP_SYS_ADMIN\n$/);
    assert.equal(both.code, 1);
    assert.doesNotMatch(await rules(lab), /kuma/i);
    // Back to rules: nobody is left with both.
    const dryRules = await must(lab, "install", "--kuma-dp-user=5678", ...place, "--dry-run");
    assert.match(dryRules.stdout, /eBPF would no longer redirect here/);
    assert.equal((await lab.status()).loaded, true);
    const ruled = await must(lab, "install", "--kuma-dp-user=5678", ...place);
    assert.match(ruled.stdout, /eBPF redirects no longer here/);
    assert.match(await rules(lab), /kuma/i);
    assert.equal((await lab.status()).loaded, false);
    await must(lab, "install", "--kuma-dp-user=5678", ...ebpf, cgroup);
    const unasked = await must(lab, "uninstall", ...place);
    assert.match(unasked.stdout, /uninstalled successfully/);
    assert.equal((await lab.status()).loaded, false, "it went without --ebpf-enabled");
    await must(lab, "install", "--kuma-dp-user=5678", ...ebpf, cgroup);
    const removed = await must(lab, "uninstall", "--ebpf-enabled", ...place);
    assert.match(removed.stdout, /uninstalled successfully/);
    assert.equal((await lab.status()).loaded, false, "it was the last one of the node");
    const again = await must(lab, "uninstall", "--ebpf-enabled", ...place);
    assert.match(again.stdout, /No transparent proxy was installed/);
  },
);

test(
  "a host that cannot do eBPF is told so, or gets firewall rules where that is asked for",
  OPEN_LIBRARIES,
  async () => {
    usePasswd();
    await using lab = await LoaderLab.create();
    // No BPF file system can be mounted on a path below a file.
    const file = await Deno.makeTempFile();
    const ebpf = [
      "--ebpf-enabled",
      "--ebpf-instance-ip=10.99.0.2",
      `--ebpf-bpffs-path=${file}/bpf`,
    ];
    const refused = await kumactl(lab, "install", "--kuma-dp-user=5678", ...ebpf);
    assert.match(
      refused.stderr,
      /eBPF cannot be used here: .*not a directory.*\[KUMA-TP-024\]\nHint: nothing was changed/,
    );
    assert.equal(refused.code, 1);
    assert.doesNotMatch(await rules(lab), /kuma/i);
    const { stdout, stderr } = await must(
      lab,
      "install",
      "--kuma-dp-user=5678",
      ...ebpf,
      "--ebpf-fallback",
    );
    assert.match(stderr, /firewall rules are used in its place: eBPF cannot be used here/);
    assert.match(stdout, /set up successfully/);
    assert.match(await rules(lab), /kuma/i);
    await Deno.remove(file);
  },
);

/** Once a process. */
function usePasswd(): void {
  if (!covered) usePrivateFiles({ "/etc/passwd": PASSWD });
  covered = true;
}

let covered = false;

/** In the pod's network namespace, and with the lab's mounts: `ip netns exec` would hide /sys. */
function kumactl(lab: LoaderLab, command: string, ...flags: string[]): Promise<Finished> {
  const words = [command, "transparent-proxy", ...flags];
  return run("nsenter", [`--net=${lab.netns}`, "--", kumactlPath(), ...words]);
}

async function must(lab: LoaderLab, command: string, ...flags: string[]): Promise<Finished> {
  const done = await kumactl(lab, command, ...flags);
  assert.equal(done.code, 0, done.stderr);
  return done;
}

function rules(lab: LoaderLab): Promise<string> {
  return lab.pod.must("nft", "list", "ruleset");
}
