/** The images of kuma-ebpf-loader and of kumactl, run as the DaemonSet and as the webhook's kuma-init with eBPF. */
import assert from "node:assert/strict";
import type { V1Container } from "@kubernetes/client-node";
import { LoaderLab } from "tests/ebpf/loader_lab.ts";
import { OUTSIDE, POD } from "tests/ebpf/pod_lab.ts";
import { Socket } from "tests/ebpf/socket.ts";
import { must, waitUntil } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { initContainer } from "core/inject/init.ts";
import { loadSettings } from "core/inject/settings/load.ts";
import { runContainer, TestImage } from "./image.ts";

const { settings } = loadSettings(undefined, {});
const EBPF = {
  bpffsPath: "/sys/fs/bpf",
  cgroupPath: "/sys/fs/cgroup",
  tcAttachIface: "",
  programsSourcePath: "/tmp/kuma-ebpf",
  instanceIpVariable: "INSTANCE_IP",
  instanceIpAnnotated: false,
};
const ARGS = [
  "--ebpf-enabled",
  "--ebpf-bpffs-path=/sys/fs/bpf",
  "--ebpf-cgroup-path=/sys/fs/cgroup",
];

requires("root", "netns", "podman", "debian", "bpf-build", "cgroup2")(
  "a pod of kuma-init's image is redirected, and taken over by the loader's image",
  { sanitizeResources: false },
  async (t) => {
    await using lab = await LoaderLab.create();
    await using loader = await TestImage.make("ebpf-loader");
    await using init = await TestImage.make("kumactl");
    const node = { "/sys/fs/bpf": lab.bpffs, "/sys/fs/cgroup": lab.cgroup };
    const privileged: Partial<V1Container> = {
      securityContext: {
        runAsUser: 0,
        runAsGroup: 0,
        readOnlyRootFilesystem: true,
        privileged: true,
      },
    };
    const asDaemonSet = (...args: string[]) =>
      runContainer(loader, { ...privileged, args }, {
        network: "none",
        volumes: { ...node, "/host/proc": "/proc:ro" },
      });

    await t.step("it is made twice alike, holds licences, and has all that it needs", async () => {
      assert.equal(await loader.again(), loader.made.id);
      const files = await loader.files();
      for (const name of ["libbpf1", "libelf1", "zlib1g", "libc6"]) {
        assert.ok(files.includes(`f /usr/share/doc/${name}/copyright 644 0`), files.join("\n"));
      }
      const done = await asDaemonSet("check");
      assert.deepEqual([done.code, done.stderr], [0, ""], done.stdout);
    });

    await t.step(
      "kuma-init as the webhook writes it loads the programs and adds its pod",
      async () => {
        const container = initContainer(settings, ARGS, EBPF) as unknown as V1Container;
        const done = await runContainer(init, { ...container, env: [] }, {
          network: `ns:${lab.netns}`,
          volumes: node,
          env: { INSTANCE_IP: POD.ipv4 },
        });
        assert.equal(done.code, 0, done.stderr);
        using proxy = Socket.listen({ ns: lab.pod.name, uid: 5678, port: 15001 });
        using client = Socket.create({ ns: lab.pod.name, uid: 1000 });
        assert.equal(client.connect({ address: OUTSIDE.ipv4, port: 8080 }), 0);
        using accepted = proxy.accept();
        assert.equal(accepted?.original?.port, 8080);
        assert.deepEqual((await lab.status()).pods.map(({ name }) => name), [POD.ipv4]);
      },
    );

    await t.step("the loader finds the pod by the node's processes, and upgrades it", async () => {
      const pause = new Deno.Command("nsenter", {
        args: [`--net=${lab.netns}`, "--", "sleep", "infinity"],
        stdout: "null",
      }).spawn();
      try {
        const inode = Deno.statSync(lab.netns).ino;
        await waitUntil(
          "it is in the pod",
          () => inode === Deno.statSync(`/proc/${pause.pid}/ns/net`).ino,
        );
        const done = await asDaemonSet("load");
        assert.equal(done.code, 0, done.stderr);
        assert.match(done.stdout, /Pods with the present programs: 1\./);
        const status = await asDaemonSet("status");
        assert.match(status.stdout, new RegExp(`Pod ${POD.ipv4} .*, /host/proc/\\d+/ns/net\\):`));
      } finally {
        pause.kill("SIGKILL");
        await pause.status;
      }
    });

    await t.step(
      "Kuma's clean-up Job, which has no rights, is told so, and takes nothing",
      async () => {
        // As `kumactl uninstall ebpf` of Kuma writes it: root, not privileged, the BPF file system of the node.
        const pins = () => must("find", [lab.bpffs]);
        const before = await pins();
        const args = ["uninstall", "transparent-proxy", "--ebpf-enabled"];
        const job = { args: [...args, "--ebpf-bpffs-path", "/sys/fs/bpf"] };
        const volumes = { "/sys/fs/bpf": lab.bpffs };
        const done = await runContainer(init, job, { network: "none", volumes });
        assert.equal(done.code, 1);
        assert.match(done.stderr, /^Error: the capability CAP_NET_ADMIN is missing/);
        assert.equal(await pins(), before);
      },
    );
  },
);
