/** How little kuma-cni gets along with: the floor that docs/cni.md names, and what it says below. */
import assert from "node:assert/strict";
import {
  type Call,
  callPlugin,
  type ErrorJson,
  errorOf,
  InstalledPlugin,
  netConf,
  podArgsText,
} from "../cni/plugin.ts";
import { LimitedGroup, type Limits } from "../support/limited_group.ts";
import { must } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { type CniSandbox, POD } from "./cni_sandbox.ts";
import { readySandbox } from "./ready_sandbox.ts";

const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const MIB = 1 << 20, GIB = 1 << 30;
const ADDRESS_SPACE = 64 * GIB;
/** What the documentation promises of ADD. */
const FLOOR = { files: 24, processes: 6, mebibytes: 64 };

const ready = () => readySandbox(plugin, {}, { firewallBackend: "auto" });

/** Calls the plugin in a control group of its own. */
async function callInGroup(command: string, sandbox: CniSandbox, limits: Partial<Limits>) {
  using group = new LimitedGroup({ memoryBytes: 512 * MIB, milliCpu: 2000, ...limits });
  const stdin = `${sandbox.dir}/stdin`;
  const kubernetes = { kubeconfig: sandbox.kubeconfig };
  await Deno.writeTextFile(stdin, JSON.stringify(netConf({ kubernetes })));
  const variables = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: "a",
    CNI_IFNAME: "eth0",
    CNI_PATH: "/x",
    CNI_NETNS: `/run/netns/${sandbox.name}`,
    CNI_ARGS: podArgsText(POD.namespace, POD.name, POD.uid),
  };
  const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const shell = ["-c", 'exec "$0" <"$1"', plugin.path, stdin];
  return await group.run("env", ["-i", ...words, "/bin/sh", ...shell], 60_000);
}

/** The error JSON of a program that ended before it could answer. */
function assertNamed({ code, msg, details }: ErrorJson, limit: RegExp): void {
  assert.equal(code, 11);
  assert.match(msg, /^kuma-cni (ended before it could answer|cannot start|has no descriptor)/);
  assert.match(details ?? "", /^KUMA-CNI-024/);
  assert.match(details ?? "", limit);
}

requires("root", "netns", "iptables-nft")(
  "few descriptors and a bounded address space: ADD works",
  async () => {
    await using pod = await ready();
    const limits = [`--nofile=${FLOOR.files}`, `--as=${ADDRESS_SPACE}`];
    const done = await pod.sandbox.call("ADD", { within: ["prlimit", ...limits, plugin.path] });
    assert.equal(done.code, 0, done.stdout + done.stderr);
    const table = ["netns", "exec", pod.sandbox.name, "nft", "list", "table", "inet", "kuma-mesh"];
    assert.match(await must("ip", table), /redirect to :15001/);
  },
);

requires("root", "netns", "iptables-nft", "cgroup-limits")(
  "little memory and few processes: ADD works",
  async () => {
    await using pod = await ready();
    const memoryBytes = FLOOR.mebibytes * MIB;
    // One more waits for the program.
    const processes = FLOOR.processes + 1;
    const done = await callInGroup("ADD", pod.sandbox, { memoryBytes, processes });
    assert.equal(done.code, 0, done.stdout + done.stderr);
  },
);

Deno.test("below the floor of descriptors and address space ADD names the limit, or works", async () => {
  let refused = 0;
  for (let files = 3; files < FLOOR.files; files += 1) {
    const call: Call = { within: ["prlimit", `--nofile=${files}`, plugin.path] };
    const done = await callPlugin(plugin.path, call);
    if (done.code === 0) continue;
    refused += 1;
    const limit = `the limit of open files is ${files}, ${FLOOR.files} are needed \\(LimitNOFILE=`;
    assertNamed(errorOf(done), new RegExp(limit));
  }
  assert.ok(refused >= 8, `${refused} were refused`);
  for (const bytes of [20_000_000_000, GIB, 2 * MIB]) {
    const call: Call = { within: ["prlimit", `--as=${bytes}`, plugin.path] };
    const error = errorOf(await callPlugin(plugin.path, call));
    assertNamed(error, new RegExp(`address space is ${bytes}, ${ADDRESS_SPACE} are needed`));
  }
});

requires("root", "netns", "cgroup-limits")(
  "with too few processes or too little memory ADD says so",
  async () => {
    await using pod = await ready();
    for (const limits of [{ processes: 2 }, { processes: 3 }, { memoryBytes: 16 * MIB }]) {
      const done = await callInGroup("ADD", pod.sandbox, limits);
      assert.notEqual(done.code, 0);
      // xargs has an exit code of its own for any failure.
      assertNamed(errorOf({ ...done, code: 1 }), /64 MiB of memory .* 6 processes and threads/);
    }
  },
);

Deno.test("DEL works with three descriptors and a megabyte of address space", async () => {
  for (const limit of ["--nofile=3", `--as=${MIB}`, "--nproc=1", `--data=${MIB}`]) {
    const call: Call = { command: "DEL", within: ["prlimit", limit, plugin.path] };
    assert.deepEqual(
      await callPlugin(plugin.path, call),
      { code: 0, stdout: "", stderr: "" },
      limit,
    );
  }
});

requires("root", "netns", "cgroup-limits")(
  "DEL works with one process, and with less memory than a shell",
  async () => {
    await using pod = await ready();
    for (const limits of [{ processes: 2 }, { memoryBytes: 4 * MIB }]) {
      const done = await callInGroup("DEL", pod.sandbox, limits);
      assert.deepEqual(done, { code: 0, stdout: "", stderr: "" });
    }
  },
);
