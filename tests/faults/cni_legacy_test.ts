import assert from "node:assert/strict";
import { InstalledPlugin } from "../cni/plugin.ts";
import { must } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { type FlowResult, Lab } from "../support/traffic/lab.ts";
import { CniSandbox, FIRST_UID, podObject } from "./cni_sandbox.ts";
import { everyTool, type Tool, ToolFolder } from "./cni_tools.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const LEGACY = "xtables-legacy-multi";
const landed = (result: FlowResult) => result.listener ?? result.outcome;

/** A pod of the mesh on a node with these tools. */
async function onNode(tools: Readonly<Record<string, Tool>>, options = { hostUsers: true }) {
  const api = await MisbehavingApi.create(() =>
    Response.json(podObject({ "kuma.io/builtin-dns": "true" }))
  );
  const sandbox = await CniSandbox.create(plugin, options);
  sandbox.connect(api);
  const folder = new ToolFolder(tools);
  return {
    sandbox,
    async must(command: string, mounts: Record<string, string> = {}) {
      const done = await sandbox.call(command, { within: folder.words(plugin.path, mounts) });
      assert.equal(done.code, 0, done.stdout);
    },
    inPod: (...words: string[]) => must("ip", ["netns", "exec", sandbox.name, ...words]),
    async [Symbol.asyncDispose]() {
      folder[Symbol.dispose]();
      await sandbox[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

/** Old programs are scripts here: they are one file a name, and say what they are only when asked. */
function oldTools(version: string): Record<string, Tool> {
  const tools: Record<string, Tool> = { "iptables-of-the-test": { program: LEGACY } };
  for (const name of Object.keys(everyTool(LEGACY))) {
    const script = `case "$1" in --version|-V) echo "\${0##*/} v${version}"; exit;; esac\n` +
      `exec /usr/sbin/${LEGACY} \${0##*/} "$@"`;
    tools[name] = { script };
  }
  return tools;
}

for (
  const [what, tools, hostUsers] of [
    ["plain names", everyTool(LEGACY), true],
    ["a pod with users of its own", everyTool(LEGACY), false],
    ["names with -legacy", everyTool(LEGACY, "-legacy"), true],
    [
      "programs of release 1.4.21, which know no --wait and no lock of their own",
      oldTools("1.4.21"),
      true,
    ],
  ] as const
) {
  test(`a node with iptables-legacy alone (${what}): ADD, CHECK, ADD again, packets, DEL`, async () => {
    await using node = await onNode(tools, { hostUsers });
    const first = hostUsers ? 0 : FIRST_UID;
    await node.must("ADD");
    const rules = await node.sandbox.rules("legacy");
    assert.equal(rules.match(/-A PREROUTING .*-j KUMA_MESH_INBOUND\n/g)?.length, 2);
    assert.equal(rules.match(/-A KUMA_MESH_OUTBOUND_REDIRECT .*--to-ports 15001/g)?.length, 2);
    assert.doesNotMatch(await node.sandbox.rules("nft"), /KUMA/);
    await node.must("CHECK");
    await node.must("ADD");
    assert.equal(await node.sandbox.rules("legacy"), rules);

    using lab = new Lab();
    const ns = node.sandbox.name;
    for (const family of ["ipv4", "ipv6"] as const) {
      lab.listen({ ns, protocol: "tcp", family, port: 15001, label: "outbound" });
      lab.listen({ ns, protocol: "tcp", family, port: 15006, label: "inbound" });
      const local = family === "ipv4" ? "127.0.0.1" : "::1";
      lab.listen({ ns, protocol: "udp", family, port: 15053, address: local, label: "dns" });
      const address = family === "ipv4" ? "10.62.0.9" : "fd62::9";
      const sent = (uid: number, protocol: "tcp" | "udp", port: number, to = address) =>
        landed(
          lab.send({ ns, uid: first + uid, protocol, patienceMs: 150, to: { address: to, port } }),
        );
      assert.equal(sent(1000, "tcp", 9080), "outbound");
      assert.equal(sent(1000, "udp", 53), "dns");
      assert.equal(sent(5678, "tcp", 9080), "silent");
      // The sidecar calls the pod's own address: that comes back in through the inbound port.
      assert.equal(sent(5678, "tcp", 8080, family === "ipv4" ? "10.62.0.2" : "fd62::2"), "inbound");
    }
    await node.must("DEL");
    assert.equal(await node.sandbox.rules("legacy"), rules);
  });
}

for (const version of ["1.8.9", "1.8.4", "1.4.21"]) {
  test(`iptables-legacy ${version} in a pod does not wait for the node's lock`, async () => {
    await using node = await onNode(oldTools(version));
    // In the place of /run/xtables.lock, held by another program all the time.
    const lock = `${node.sandbox.dir}/xtables.lock`;
    Deno.writeTextFileSync(lock, "");
    using held = Deno.openSync(lock, { read: true });
    held.lockSync(true);
    const started = performance.now();
    await node.must("ADD", { "/run/xtables.lock": lock });
    assert.ok(performance.now() - started < 4000);
    assert.match(await node.sandbox.rules("legacy"), /KUMA_MESH_INBOUND/);
  });
}

test("DEL takes the namespace away while legacy rules are written: no file is left in its place", async () => {
  await using api = await MisbehavingApi.create(() => Response.json(podObject()));
  await using sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  const path = `/run/netns/${sandbox.name}`;
  const tools = oldTools("1.8.9");
  const { script } = tools["iptables-restore"] as { script: string };
  // What DEL and the runtime do then; the path that the plugin was given is gone.
  tools["iptables-restore"] = {
    script: script.replace("\nexec", `\numount ${path}; rm ${path}; exec`),
  };
  using folder = new ToolFolder(tools);
  const done = await sandbox.call("ADD", { within: folder.words(plugin.path) });
  assert.equal(done.code, 0, done.stdout);
  assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
  await must("ip", ["netns", "add", sandbox.name]); // For the end of the test to remove.
});

test("both flavours on a node: what the pod's namespace already uses is taken, and found again", async (t) => {
  const both = { ...everyTool("xtables-nft-multi"), ...everyTool(LEGACY, "-legacy") };
  await t.step("nothing there: nft", async () => {
    await using node = await onNode(both);
    await node.must("ADD");
    assert.match(await node.sandbox.rules("nft"), /KUMA/);
    assert.doesNotMatch(await node.sandbox.rules("legacy"), /KUMA/);
  });
  await t.step("others' rules in legacy alone: legacy", async () => {
    await using node = await onNode(both);
    await node.inPod("iptables-legacy", "-t", "nat", "-A", "POSTROUTING", "-j", "ACCEPT");
    await node.must("ADD");
    const rules = await node.sandbox.rules("legacy");
    assert.match(rules, /-A POSTROUTING -j ACCEPT/);
    assert.equal(rules.match(/:KUMA_MESH_INBOUND /g)?.length, 2);
    assert.doesNotMatch(await node.sandbox.rules("nft"), /KUMA/);
    await node.must("CHECK");
    await node.must("ADD");
    assert.equal(await node.sandbox.rules("legacy"), rules);
  });
  await t.step("others' rules in both: nft", async () => {
    await using node = await onNode(both);
    for (const tool of ["iptables-legacy", "iptables-nft"]) {
      await node.inPod(tool, "-t", "nat", "-A", "POSTROUTING", "-j", "ACCEPT");
    }
    await node.must("ADD");
    assert.match(await node.sandbox.rules("nft"), /KUMA/);
    assert.doesNotMatch(await node.sandbox.rules("legacy"), /KUMA/);
    await node.must("CHECK");
  });
  await t.step("a node whose tools changed from legacy to both: no rule twice", async () => {
    await using node = await onNode(both);
    using legacy = new ToolFolder(everyTool(LEGACY));
    const first = await node.sandbox.call("ADD", { within: legacy.words(plugin.path) });
    assert.equal(first.code, 0);
    await node.must("ADD");
    await node.must("CHECK");
    const [nft, old] = [await node.sandbox.rules("nft"), await node.sandbox.rules("legacy")];
    assert.equal(`${nft}${old}`.match(/-A OUTPUT .*-j KUMA_MESH_OUTBOUND\n/g)?.length, 2);
  });
});
