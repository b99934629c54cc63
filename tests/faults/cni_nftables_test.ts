/** kuma-cni with the backend that it takes by itself in a fresh pod: nftables, with nothing of the node. */
import assert from "node:assert/strict";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { errorOf, InstalledPlugin, netConf, placePlugin, podArgsText } from "../cni/plugin.ts";
import { must, run, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { POD } from "./cni_sandbox.ts";
import { readySandbox } from "./ready_sandbox.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());
const DNS = { "kuma.io/builtin-dns": "true" };
const AUTO = { firewallBackend: "auto" } as const;

async function ready(annotations: Record<string, string> = DNS) {
  const ready = await readySandbox(plugin, annotations, AUTO);
  const { sandbox } = ready;
  const nft = (...args: string[]) => must("ip", ["netns", "exec", sandbox.name, "nft", ...args]);
  return {
    ...ready,
    nft,
    async succeed(command: string) {
      const done = await sandbox.call(command);
      assert.equal(done.code, 0, done.stdout);
    },
  };
}
const OURS = ["list", "table", "inet", "kuma-mesh"];

test("a fresh pod: one table of nftables; CHECK sees what is changed, ADD puts it right", async () => {
  await using pod = await ready();
  const before = errorOf(await pod.sandbox.call("CHECK"));
  assert.match(before.msg, /the table inet kuma-mesh is missing/);
  await pod.succeed("ADD");
  const table = await pod.nft(...OURS);
  assert.match(table, /redirect to :15001/);
  assert.match(table, /ct zone set 1/);
  assert.equal(await pod.sandbox.rules("nft"), "");
  assert.equal(await pod.sandbox.rules("legacy"), "");
  await pod.succeed("CHECK");
  await pod.succeed("ADD");
  assert.equal(await pod.nft(...OURS), table);

  await pod.nft(
    "add",
    "rule",
    "inet",
    "kuma-mesh",
    "KUMA_MESH_OUTBOUND",
    "tcp",
    "dport",
    "3",
    "return",
  );
  const drift = errorOf(await pod.sandbox.call("CHECK"));
  assert.equal(drift.code, 105);
  assert.match(
    drift.msg,
    /changed after they were installed: chain KUMA_MESH_OUTBOUND: a rule should not/,
  );
  await pod.succeed("ADD");
  assert.equal(await pod.nft(...OURS), table);
  await pod.succeed("DEL");
});

test("a root with the plugin and its folder alone: ADD and CHECK work, and start nothing else", async () => {
  await using pod = await ready();
  const root = await Deno.makeTempDir({ prefix: "cni-bare-" });
  const binDir = "/opt/cni/bin";
  placePlugin(`${root}${binDir}`, binDir);
  for (const name of ["proc", "ns"]) await Deno.mkdir(`${root}/${name}`);
  await Deno.writeTextFile(`${root}/ns/pod`, "");
  await Deno.copyFile(pod.sandbox.kubeconfig, `${root}/kubeconfig`);
  await must("mount", ["-t", "proc", "proc", `${root}/proc`]);
  await must("mount", ["--bind", `/run/netns/${pod.sandbox.name}`, `${root}/ns/pod`]);
  try {
    const names = [...Deno.readDirSync(`${root}${binDir}`)].map(({ name }) => name).sort();
    assert.deepEqual(names, [RUNTIME_FOLDER, "kuma-cni"]);
    const trace = `${pod.sandbox.dir}/trace`;
    const stdin = JSON.stringify(netConf({ kubernetes: { kubeconfig: "/kubeconfig" } }));
    for (const command of ["ADD", "CHECK", "ADD", "DEL"]) {
      const done = await run("env", [
        ...["-i", `CNI_COMMAND=${command}`, "CNI_CONTAINERID=a", "CNI_IFNAME=eth0", "CNI_PATH=/x"],
        ...["CNI_NETNS=/ns/pod", `CNI_ARGS=${podArgsText(POD.namespace, POD.name, POD.uid)}`],
        ...["/usr/bin/strace", "-f", "-qq", "-e", "trace=execve,execveat", "-o", trace],
        ...["/usr/sbin/chroot", root, `${binDir}/kuma-cni`],
      ], { stdin });
      assert.equal(done.code, 0, done.stdout + done.stderr);
      const calls = Deno.readTextFileSync(trace).match(/execve(?:at)?\("[^"]*"/g);
      const behind = command === "DEL" ? [] : [`${binDir}/${RUNTIME_FOLDER}/kuma-cni`];
      const wanted = ["/usr/sbin/chroot", `${binDir}/kuma-cni`, ...behind];
      assert.deepEqual(calls, wanted.map((path) => `execve("${path}"`));
    }
    assert.match(await pod.nft(...OURS), /redirect to :15006/);
  } finally {
    for (const place of ["proc", "ns/pod"]) await must("umount", [`${root}/${place}`]);
    await Deno.remove(root, { recursive: true });
  }
});

test("a pod in which others have rules of iptables gets ours there as well", async () => {
  await using pod = await ready();
  const rule = ["-t", "nat", "-A", "PREROUTING", "-i", "eth9", "-j", "ACCEPT"];
  await must("ip", ["netns", "exec", pod.sandbox.name, "iptables-nft", ...rule]);
  for (const command of ["ADD", "CHECK"]) {
    // With nowhere to log to, the lines are on standard error.
    const stdin = netConf({
      kubernetes: { kubeconfig: pod.sandbox.kubeconfig },
      log_level: "info",
      log_file: "/proc/no/such/file",
    });
    const done = await pod.sandbox.call(command, { stdin });
    assert.equal(done.code, 0, done.stdout);
    assert.match(done.stderr, /come before ours, .*: -A PREROUTING -i eth9 -j ACCEPT/, command);
  }
  assert.match(await pod.sandbox.rules("nft"), /KUMA_MESH_INBOUND/);
  assert.doesNotMatch(await pod.nft("list", "tables"), /kuma-mesh/);
});

test("the kernel refuses our table, which a process owns: iptables, and with no fallback its words", async () => {
  await using pod = await ready();
  const words = ["netns", "exec", pod.sandbox.name, "nft", "-i"];
  const owner = new Deno.Command("ip", { args: words, stdin: "piped", stdout: "null" }).spawn();
  const writer = owner.stdin.getWriter();
  try {
    const add = "add table inet kuma-mesh { flags owner; }\n";
    await writer.write(new TextEncoder().encode(add));
    await waitUntil(
      "the owned table",
      async () => (await pod.nft("list", "tables")).includes("kuma-mesh"),
    );
    const stdin = (firewall_backend: string) =>
      netConf({ kubernetes: { kubeconfig: pod.sandbox.kubeconfig }, firewall_backend });
    const refused = errorOf(await pod.sandbox.call("ADD", { stdin: stdin("nftables") }));
    assert.match(
      refused.msg,
      /refuses the rules of the table inet kuma-mesh: table kuma-mesh: operation not/,
    );
    assert.equal(refused.details, "KUMA-TP-230");
    assert.equal(await pod.sandbox.rules("nft"), "");
    await pod.succeed("ADD");
    assert.match(await pod.sandbox.rules("nft"), /KUMA_MESH_INBOUND/);
  } finally {
    await writer.close();
    await owner.status;
  }
});

test("a document with dryRun decides nothing for the node: the pod is intercepted, with a warning", async () => {
  await using pod = await ready({ "traffic.kuma.io/transparent-proxy-config": "dryRun: true" });
  const stdin = netConf({
    kubernetes: { kubeconfig: pod.sandbox.kubeconfig },
    log_level: "info",
    log_file: "/proc/no/such/file",
  });
  const done = await pod.sandbox.call("ADD", { stdin });
  assert.equal(done.code, 0, done.stdout);
  assert.match(done.stderr, /WARN\tkuma-cni\tdryRun is ignored/);
  assert.match(await pod.nft(...OURS), /redirect to :15006/);
});

test("a key that is no backend is an error that names it", async () => {
  await using pod = await ready();
  const error = errorOf(
    await pod.sandbox.call("ADD", { stdin: netConf({ firewall_backend: "ipt" }) }),
  );
  assert.equal(error.code, 7);
  assert.match(error.msg, /"firewall_backend": value 'ipt' is not a firewall backend/);
});
