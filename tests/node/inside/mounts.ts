import type { NodeSpec } from "../spec.ts";
import { step } from "./step.ts";

/** Settings of the whole machine that kubelet would change: it is shown that they are as it wants them. */
const SYSCTLS: Readonly<Record<string, string>> = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

/**
 * What kubelet, containerd and plugins write at fixed places goes into memory: overlays over /etc, /var and /opt, a
 * /run of the node's own.
 */
export async function prepareMounts({ dir, podSubnets, ip }: NodeSpec): Promise<void> {
  await step("mount --make-rshared /");
  const memory = `${dir}/memory`;
  Deno.mkdirSync(memory, { recursive: true });
  await step(`mount -t tmpfs kuma-test-node ${memory}`);
  for (const name of ["var", "etc", "opt"]) {
    for (const part of ["up", "work"]) {
      Deno.mkdirSync(`${memory}/${name}/${part}`, { recursive: true });
    }
    const layers = `lowerdir=/${name},upperdir=${memory}/${name}/up,workdir=${memory}/${name}/work`;
    await step(`mount -t overlay kuma-test-${name} -o ${layers} /${name}`);
  }
  await step("mount -t tmpfs kuma-test-run /run");
  // As systemd mounts it on a node of its own; what is pinned there goes with this namespace.
  await step("mount -t bpf bpf /sys/fs/bpf");
  const folders = [
    ...["/run/lock", "/var/lib/kubelet", "/var/log/pods", "/var/log/containers"],
    ...["/opt/cni/bin", "/etc/cni/net.d"],
    ...[`${memory}/kubelet`, `${memory}/containerd`, `${memory}/etcd`],
  ];
  for (const folder of folders) Deno.mkdirSync(folder, { recursive: true });
  // An overlay is no place for kubelet's own mounts and sockets.
  await step(`mount --bind ${memory}/kubelet /var/lib/kubelet`);
  for (const { name } of Deno.readDirSync("/etc/cni/net.d")) {
    Deno.removeSync(`/etc/cni/net.d/${name}`, { recursive: true });
  }
  for (const { name } of Deno.readDirSync("/usr/lib/cni")) {
    Deno.copyFileSync(`/usr/lib/cni/${name}`, `/opt/cni/bin/${name}`);
  }
  Deno.writeTextFileSync("/etc/cni/net.d/10-test.conflist", conflist(podSubnets));
  Deno.writeTextFileSync("/run/resolv.conf", `nameserver ${ip}\n`);
  Deno.mkdirSync("/run/sys");
  for (const [key, value] of Object.entries(SYSCTLS)) {
    const file = `/run/sys/${key.replaceAll("/", "-")}`;
    Deno.writeTextFileSync(file, `${value}\n`);
    await step(`mount --bind ${file} /proc/sys/${key}`);
  }
}

function conflist(subnets: readonly string[]): string {
  const any = (subnet: string) => subnet.includes(":") ? "::/0" : "0.0.0.0/0";
  return JSON.stringify({
    cniVersion: "1.0.0",
    name: "test",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          ranges: subnets.map((subnet) => [{ subnet }]),
          routes: subnets.map((subnet) => ({ dst: any(subnet) })),
          dataDir: "/run/cni/ipam",
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });
}
