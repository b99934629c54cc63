/** kumactl's --diff, and its explanation of a packet with a real one beside it, where eBPF redirects. */
import assert from "node:assert/strict";
import { kumactlPath, PASSWD } from "tests/kernel/kumactl.ts";
import { checkedDocument } from "tests/support/documents.ts";
import { type Finished, run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { usePrivateFiles } from "tests/support/traffic/private_files.ts";
import { LoaderLab } from "./loader_lab.ts";
import { OUTSIDE } from "./pod_lab.ts";
import { Socket } from "./socket.ts";

const test = requires("root", "netns", "bpf-build", "cgroup2", "iptables-nft");

test("a diff and a probe of eBPF", { sanitizeResources: false }, async () => {
  usePrivateFiles({ "/etc/passwd": PASSWD });
  await using lab = await LoaderLab.create();
  const ebpf = [
    ...["--kuma-dp-user=5678", "--ebpf-enabled", "--ebpf-instance-ip=10.99.0.2"],
    ...[`--ebpf-bpffs-path=${lab.bpffs}`, `--ebpf-cgroup-path=${lab.cgroup}`],
  ];
  const kumactl = (...args: string[]): Promise<Finished> =>
    // `ip netns exec` would hide /sys.
    run("nsenter", [`--net=${lab.netns}`, "--", kumactlPath(), ...args]);
  const diff = async (code: number, ...args: string[]) => {
    const done = await kumactl(...args, "--diff");
    assert.equal(done.code, code, done.stdout + done.stderr);
    return done.stdout;
  };
  const install = ["install", "transparent-proxy", ...ebpf];

  const first = await diff(1, ...install);
  assert.match(first, /^\+\+\+ eBPF in this network namespace$/m);
  assert.match(first, /^\+outbound: to port 15001$/m);
  assert.match(first, /^\+programs of version \S+ at /m);
  assert.equal((await lab.status()).loaded, false, "it was only told");

  assert.equal((await kumactl(...install)).code, 0);
  assert.equal(await diff(0, ...install), "");
  const other = await diff(1, ...install, "--exclude-outbound-ports=9090");
  assert.match(other, /^\+outbound ports left alone: 9090$/m);
  assert.doesNotMatch(other, /programs of version/);

  const to = `${OUTSIDE.ipv4}:8080`;
  const probing = () =>
    kumactl(
      ...["explain", "packet", "--to", to, "--probe", "-o", "json", ...ebpf],
      ...["--netns", lab.netns],
    );
  const refused = await probing();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /over before its socket could be looked at: connection refused/);
  using _proxy = Socket.listen({ ns: lab.pod.name, uid: 5678, port: 15001 });
  const probe = await probing();
  assert.equal(probe.code, 0, probe.stdout + probe.stderr);
  const told = checkedDocument(probe.stdout, "kuma.io/kumactl-explain-packet/v1") as unknown as {
    readonly there: { readonly backends: string[] };
    readonly probe: { readonly went: string; readonly to?: { readonly port: number } };
  };
  assert.deepEqual(told.there.backends, ["eBPF"]);
  assert.deepEqual([told.probe.went, told.probe.to?.port], ["redirected", 15001]);

  const uninstall = ["uninstall", "transparent-proxy", `--ebpf-bpffs-path=${lab.bpffs}`];
  const going = await diff(1, ...uninstall, "--ebpf-enabled");
  assert.match(going, /^--- eBPF in this network namespace\n\+\+\+ \/dev\/null$/m);
  assert.match(going, /^-programs of version /m);
  assert.equal((await kumactl(...uninstall, "--ebpf-enabled")).code, 0);
  assert.equal((await lab.status()).loaded, false);
});
