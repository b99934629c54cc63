import { diskOf, type NodeSpec } from "../spec.ts";
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
 * What kubelet, containerd and plugins write at fixed places goes onto the node's disk: overlays over /etc, /var and /opt.
 * Its /run is gone after a reboot.
 */
export async function prepareMounts(spec: NodeSpec): Promise<void> {
  const disk = diskOf(spec), { podSubnets, addresses: [ip] } = spec;
  await step("mount --make-rshared /");
  const isNew = Deno.readDirSync(disk).next().done === true;
  for (const name of ["var", "etc", "opt"]) {
    for (const part of ["up", "work"]) {
      Deno.mkdirSync(`${disk}/${name}/${part}`, { recursive: true });
    }
    const layers = `lowerdir=/${name},upperdir=${disk}/${name}/up,workdir=${disk}/${name}/work`;
    await step(`mount -t overlay kuma-test-${name} -o ${layers} /${name}`);
  }
  await step("mount -t tmpfs kuma-test-run /run");
  // As systemd mounts it on a node of its own; what is pinned there goes with this namespace.
  await step("mount -t bpf bpf /sys/fs/bpf");
  const folders = [
    ...["/run/lock", "/var/lib/kubelet", "/var/log/pods", "/var/log/containers"],
    ...["/opt/cni/bin", "/etc/cni/net.d"],
    ...[`${disk}/kubelet`, `${disk}/containerd`, `${disk}/etcd`],
  ];
  for (const folder of folders) Deno.mkdirSync(folder, { recursive: true });
  // An overlay is no place for kubelet's own mounts and sockets.
  await step(`mount --bind ${disk}/kubelet /var/lib/kubelet`);
  if (isNew) installNetwork(podSubnets);
  Deno.writeTextFileSync("/run/resolv.conf", `nameserver ${ip}\n`);
  Deno.mkdirSync("/run/sys");
  // By it kubelet tells a reboot.
  const settings = { ...SYSCTLS, "kernel/random/boot_id": crypto.randomUUID() };
  for (const [key, value] of Object.entries(settings)) {
    const file = `/run/sys/${key.replaceAll("/", "-")}`;
    Deno.writeTextFileSync(file, `${value}\n`);
    await step(`mount --bind ${file} /proc/sys/${key}`);
  }
}

/** The node's own CNI, as it is installed once. */
function installNetwork(podSubnets: readonly string[]): void {
  for (const { name } of Deno.readDirSync("/etc/cni/net.d")) {
    Deno.removeSync(`/etc/cni/net.d/${name}`, { recursive: true });
  }
  for (const { name } of Deno.readDirSync("/usr/lib/cni")) {
    Deno.copyFileSync(`/usr/lib/cni/${name}`, `/opt/cni/bin/${name}`);
  }
  // A bridge, under the name by which Calico's own is known: so `--environment calico` fits.
  Deno.writeTextFileSync("/etc/cni/net.d/10-calico.conflist", conflist(podSubnets));
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
        // Pods talk with the other nodes' pods by their own addresses.
        ipMasq: false,
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
