/** How little kuma-cni gets along with: the floor that docs/cni.md names. Below it the runtime ends before any code of ours. */
import assert from "node:assert/strict";
import { type Call, InstalledPlugin, netConf, podArgsText } from "../cni/plugin.ts";
import { LimitedGroup } from "../support/limited_group.ts";
import { must } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, POD, podObject } from "./cni_sandbox.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const ADDRESS_SPACE = 64 * 1024 ** 3;
/** What the documentation promises. */
const FLOOR = {
  ADD: { files: 24, mebibytes: 64 },
  DEL: { files: 16, mebibytes: 32 },
};

async function ready() {
  const api = await MisbehavingApi.create(() => Response.json(podObject()));
  const sandbox = await CniSandbox.create(plugin, { firewallBackend: "auto" });
  sandbox.connect(api);
  return {
    sandbox,
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

requires("root", "netns", "iptables-nft")(
  "few descriptors and a bounded address space: ADD and DEL work",
  async () => {
    await using pod = await ready();
    for (const command of ["ADD", "DEL"] as const) {
      const limits = [`--nofile=${FLOOR[command].files}`, `--as=${ADDRESS_SPACE}`];
      const call: Call = { within: ["prlimit", ...limits, plugin.path] };
      const done = await pod.sandbox.call(command, call);
      assert.equal(done.code, 0, `${command}: ${done.stdout}${done.stderr}`);
    }
    const table = ["netns", "exec", pod.sandbox.name, "nft", "list", "table", "inet", "kuma-mesh"];
    assert.match(await must("ip", table), /redirect to :15001/);
  },
);

requires("root", "netns", "iptables-nft", "cgroup-limits")(
  "little memory: ADD and DEL work",
  async () => {
    await using pod = await ready();
    const stdin = `${pod.sandbox.dir}/stdin`;
    const { kubeconfig } = pod.sandbox;
    await Deno.writeTextFile(stdin, JSON.stringify(netConf({ kubernetes: { kubeconfig } })));
    for (const command of ["ADD", "DEL"] as const) {
      using group = new LimitedGroup({
        memoryBytes: FLOOR[command].mebibytes << 20,
        milliCpu: 2000,
      });
      const variables = {
        CNI_COMMAND: command,
        CNI_CONTAINERID: "a",
        CNI_IFNAME: "eth0",
        CNI_PATH: "/x",
        CNI_NETNS: `/run/netns/${pod.sandbox.name}`,
        CNI_ARGS: podArgsText(POD.namespace, POD.name, POD.uid),
      };
      const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      const shell = ["-c", 'exec "$0" <"$1"', plugin.path, stdin];
      const done = await group.run("env", ["-i", ...words, "/bin/sh", ...shell], 60_000);
      assert.equal(done.code, 0, `${command}: ${done.stdout}${done.stderr}`);
    }
  },
);
