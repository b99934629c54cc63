import assert from "node:assert/strict";
import { must, run } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { netConf, placePlugin } from "./plugin.ts";

const test = requires("root");

/** A root directory that holds the plugin's bin dir, an empty /proc and nothing else. */
class BareRoot implements AsyncDisposable {
  private constructor(readonly root: string, readonly binDir: string) {}

  static async create(binDir: string): Promise<BareRoot> {
    const root = await Deno.makeTempDir({ prefix: "cni-bare-" });
    placePlugin(`${root}${binDir}`, binDir);
    await Deno.mkdir(`${root}/proc`);
    await must("mount", ["-t", "proc", "proc", `${root}/proc`]);
    return new BareRoot(root, binDir);
  }

  /** Calls the plugin with nothing but this root around it. */
  call(command: string, env: string[], stdin: string) {
    const words = [`CNI_COMMAND=${command}`, "CNI_CONTAINERID=a", "CNI_IFNAME=eth0", "CNI_PATH=/x"];
    const program = `${this.binDir}/kuma-cni`;
    // env runs outside: there is no program inside that could set variables.
    return run("env", ["-i", ...words, ...env, "/usr/sbin/chroot", this.root, program], { stdin });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must("umount", [`${this.root}/proc`]);
    await Deno.remove(this.root, { recursive: true });
  }
}

for (const binDir of ["/opt/cni/bin", "/var/lib/rancher/k3s/data/cni"]) {
  test(`kuma-cni starts on a node without any C library, in ${binDir}`, async () => {
    await using bare = await BareRoot.create(binDir);
    const version = await bare.call("VERSION", [], "");
    assert.deepEqual([version.code, version.stderr], [0, ""]);
    assert.equal(JSON.parse(version.stdout).cniVersion, "1.1.0");

    const stdin = JSON.stringify(netConf());
    const added = await bare.call("ADD", ["CNI_NETNS=/run/netns/none"], stdin);
    assert.deepEqual([added.code, JSON.parse(added.stdout)], [0, { cniVersion: "1.0.0" }]);
    assert.equal((await bare.call("DEL", [], stdin)).code, 0);

    // What a meshed pod meets there: the library of the plugin, but no iptables, no kubeconfig.
    const args = "CNI_ARGS=K8S_POD_NAMESPACE=demo;K8S_POD_NAME=web";
    const failed = await bare.call("ADD", ["CNI_NETNS=/run/netns/none", args], stdin);
    assert.equal(failed.code, 1);
    assert.equal(JSON.parse(failed.stdout).code, 11);
  });
}
