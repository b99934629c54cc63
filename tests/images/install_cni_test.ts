/**
 * The image of install-cni, started as Kuma's chart starts it and by its entry point, with folders for the node's
 * and a faked API server (tests/installer/node.ts).
 */
import assert from "node:assert/strict";
import type { V1Container } from "@kubernetes/client-node";
import { CALICO, isThere, TestNode } from "../installer/node.ts";
import { must, run, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { podmanArgs, runContainer, type Surroundings, TestImage } from "./image.ts";

const CONF = "10-calico.conflist";
/** The chart's container. */
const CHART: Partial<V1Container> = {
  command: ["sh", "-c", "--"],
  args: ["sleep 0 && exec /install-cni"],
  readinessProbe: { exec: { command: ["cat", "/tmp/ready"] } },
  securityContext: {
    readOnlyRootFilesystem: true,
    runAsNonRoot: false,
    runAsUser: 0,
    runAsGroup: 0,
  },
};

/** What the DaemonSet mounts and sets, and the kubelet with it. */
function onNode(node: TestNode, more: Record<string, string> = {}): Surroundings {
  const { KUBERNETES_SERVICE_PROTOCOL, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT } = node
    .env();
  const entry = { type: "kuma-cni", kubernetes: { cni_bin_dir: node.binDir }, log_level: "info" };
  return {
    network: "host",
    volumes: {
      "/host/opt/cni/bin": node.binDir,
      "/host/etc/cni/net.d": node.netDir,
      "/tmp": node.dir,
      "/var/run/secrets/kubernetes.io/serviceaccount": `${node.account}:ro`,
    },
    env: {
      KUBERNETES_SERVICE_PROTOCOL: KUBERNETES_SERVICE_PROTOCOL ?? "",
      KUBERNETES_SERVICE_HOST: KUBERNETES_SERVICE_HOST ?? "",
      KUBERNETES_SERVICE_PORT: KUBERNETES_SERVICE_PORT ?? "",
      CNI_CONF_NAME: CONF,
      CNI_NETWORK_CONFIG: JSON.stringify(entry),
      CNI_NET_DIR: node.netDir,
      CHAINED_CNI_PLUGIN: "true",
      CNI_LOG_LEVEL: "info",
      // All containers share this machine's ports here.
      CNI_HTTP_PORT: "0",
      ...more,
    },
  };
}

/** The plugin that lies on the node, called there as a runtime calls it. */
async function pluginsVersions(node: TestNode): Promise<string[]> {
  const env = { CNI_COMMAND: "VERSION" };
  const said = await must(`${node.binDir}/kuma-cni`, [], { env, stdin: '{"cniVersion":"1.0.0"}' });
  return (JSON.parse(said) as { supportedVersions: string[] }).supportedVersions;
}

requires("root", "podman", "debian")("install-cni's image puts the plugin on a node", async (t) => {
  await using image = await TestImage.make("installer");

  await t.step("it holds the programs where Kuma's image has them, and licences", async () => {
    const files = await image.files();
    const plugin = ["/opt/cni/bin/kuma-cni", "/opt/cni/bin/.kuma-cni-runtime/kuma-cni"];
    for (const path of ["/install-cni", ...plugin, "/bin/sleep", "/bin/cat"]) {
      assert.ok(files.includes(`f ${path} 755 0`), files.join("\n"));
    }
    for (const name of ["dash", "coreutils", "libc6"]) {
      assert.ok(files.includes(`f /usr/share/doc/${name}/copyright 644 0`), files.join("\n"));
    }
  });

  await t.step("by its entry point, once", async () => {
    await using node = await TestNode.create();
    node.write(CONF, CALICO);
    const { securityContext } = CHART;
    const once = onNode(node, { SLEEP: "false" });
    const done = await runContainer(image, { securityContext: securityContext! }, once);
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.deepEqual(node.chain(CONF), ["calico", "portmap", "kuma-cni"]);
    assert.ok((await pluginsVersions(node)).includes("1.1.0"));
  });

  await t.step("by the chart's command, until its DaemonSet is gone", async () => {
    await using node = await TestNode.create();
    node.write(CONF, CALICO);
    const name = `kuma-test-install-cni-${Deno.pid}`;
    const running = run("podman", podmanArgs(image, CHART, { ...onNode(node), name }));
    try {
      await waitUntil("the installer is ready", () => isThere(node.readyFile), {
        timeoutMs: 30_000,
      });
      // The chart's readiness probe, executed in the container as the kubelet does it.
      await must("podman", ["exec", name, ...CHART.readinessProbe?.exec?.command ?? []]);
      assert.deepEqual(node.chain(CONF), ["calico", "portmap", "kuma-cni"]);
      assert.ok((await pluginsVersions(node)).includes("1.1.0"));
      node.daemonSet = "gone";
      await must("podman", ["stop", "--time=20", name]);
      const { code, stdout, stderr } = await running;
      assert.equal(code, 0, stdout + stderr);
      assert.equal(node.read(CONF), CALICO);
      assert.deepEqual([...Deno.readDirSync(node.binDir)].map(({ name }) => name), []);
    } finally {
      await must("podman", ["rm", "--force", "--ignore", "--time=0", name]);
      await running;
    }
  });
});
