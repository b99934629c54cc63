import assert from "node:assert/strict";
import { must } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { CALICO, DIST, TestNode } from "tests/installer/node.ts";

const test = requires("root");
const LIST = "10-calico.conflist";

async function unmount(path: string): Promise<void> {
  await must("umount", ["--lazy", path]);
}

test("on a host without any C library and with another bin dir, the plugin is proven and runs", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  // A host such as k3s' or Talos': a bin dir, procfs (the loader asks it for $ORIGIN) and no C library.
  const root = `${node.dir}/host`;
  Deno.mkdirSync(`${root}/var/lib/rancher/k3s/data/cni`, { recursive: true });
  Deno.mkdirSync(`${root}/proc`);
  await must("mount", ["-t", "proc", "proc", `${root}/proc`]);
  await using _proc = { [Symbol.asyncDispose]: () => unmount(`${root}/proc`) };
  const env = {
    CNI_SOURCE_DIR: DIST,
    CNI_BIN_DIR: "/var/lib/rancher/k3s/data/cni",
    MOUNTED_CNI_BIN_DIR: `${root}/var/lib/rancher/k3s/data/cni`,
    MOUNTED_HOST_ROOT: root,
  };
  const installer = node.start(env);
  await installer.ready();
  await installer.says(/the plugin runs on this host/);
  const answer = await must("env", [
    "CNI_COMMAND=VERSION",
    "chroot",
    root,
    "/var/lib/rancher/k3s/data/cni/kuma-cni",
  ]);
  assert.match(answer, /supportedVersions/);
  await installer.stop();

  // The same node told a wrong bin dir: the loader would not be found, and nothing is chained.
  node.write(LIST, CALICO);
  const wrong = node.start({ ...env, CNI_BIN_DIR: "/opt/cni/bin" });
  assert.equal(await wrong.end(), 3, wrong.output);
  assert.match(wrong.output, /KUMA-INS-021/);
  assert.equal(node.read(LIST), CALICO);
});
