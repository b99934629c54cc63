import assert from "node:assert/strict";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { must, sleep, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { everyTool, type Tool, ToolFolder } from "./cni_tools.ts";
import { FrozenDisk } from "./frozen_disk.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const onDisk = requires("root", "netns", "iptables-nft", "loop");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const NFT = "xtables-nft-multi";
const REAL = `/usr/sbin/${NFT} "\${0##*/}" "$@"`;

/** A tool that does this in the place of its work; asked what it is, it says so. */
function doing(script: string): Tool {
  return { script: `case "$1" in --version) exec ${REAL};; esac\n${script}` };
}

/** A pod on a node with some of the tools replaced, and an API server that takes its time at first. */
async function podOn(tools: Record<string, Tool>, pauseMs = 0) {
  const api = await MisbehavingApi.create(async () => {
    await sleep(pauseMs);
    pauseMs = 0;
    return Response.json(podObject());
  });
  const sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  const folder = new ToolFolder({ ...everyTool(NFT), ...tools });
  return {
    /** ADD, which ends in time: with code 11 where another try may help. */
    async failingAdd(code = 11) {
      const started = performance.now();
      const error = errorOf(await sandbox.call("ADD", { within: folder.words(plugin.path) }));
      const took = performance.now() - started;
      assert.ok(took < 10_000, `${Object.keys(tools)}: ${took} ms`);
      assert.equal(error.code, code, error.msg);
      return error.msg;
    },
    rules: () => sandbox.rules(),
    /** Waits until who was killed within the kernel has gone: he goes when it lets him. */
    async settle() {
      const nobody = async () => await must("ip", ["netns", "pids", sandbox.name]) === "";
      await waitUntil("what was killed ends", nobody);
    },
    /** Nothing of the call runs on, and the next one succeeds where the node is well again. */
    async leftNothing() {
      assert.equal(await must("ip", ["netns", "pids", sandbox.name]), "");
      for (const command of ["ADD", "CHECK"]) {
        const done = await sandbox.call(command);
        assert.equal(done.code, 0, done.stdout);
      }
    },
    async [Symbol.asyncDispose]() {
      folder[Symbol.dispose]();
      await sandbox[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

test("iptables programs that never end: code 11 within 10 s, nothing half applied, nothing left running", async () => {
  // Side by side: each takes the whole time.
  await Promise.all([
    { "iptables-restore": doing("exec sleep 20") },
    { "ip6tables-restore": doing("exec sleep 20") },
    // What a wrapper started; and already when it is asked what it is.
    { "iptables-restore": doing("sleep 20; true") },
    { "iptables": { script: "exec sleep 20" } },
  ].map(async (tools) => {
    await using pod = await podOn(tools as Record<string, Tool>);
    assert.match(await pod.failingAdd(), /iptables did not end within 8\.0 s/);
    assert.doesNotMatch(await pod.rules(), /KUMA/);
    await pod.leftNothing();
  }));
});

test("rules that the kernel refuses though the check took them: the refusal is told, at once", async () => {
  const refusing = (words: string) =>
    doing(`for word; do case "$word" in --test) exit 0;; esac; done\necho "${words}" >&2; exit 4`);
  const append = "iptables-restore: line 7: RULE_APPEND failed";
  for (const words of ["Operation not supported", "Invalid argument"]) {
    await using lasting = await podOn({ "iptables-restore": refusing(`${append} (${words})`) });
    const said = await lasting.failingAdd(104);
    assert(said.includes(`RULE_APPEND failed (${words})`), said);
    assert.doesNotMatch(said, /did not end within/);
    assert.doesNotMatch(await lasting.rules(), /KUMA/);
    await lasting.leftNothing();
  }
  // What may pass is tried as long as there is time, and then told.
  await using busy = await podOn({
    "iptables-restore": refusing(`${append} (Device or resource busy)`),
  });
  assert.match(await busy.failingAdd(), /RULE_APPEND failed \(Device or resource busy\)/);
});

test("… and putting back hangs too: code 11 within 10 s, and what is left is named", async () => {
  const once = doing(`[ -e "$0.done" ] && exec sleep 20; : > "$0.done"; exec ${REAL}`);
  const tools = { "iptables-restore": once, "ip6tables-restore": doing("exec sleep 20") };
  // In the second case, the API server takes as long as it may.
  await Promise.all([0, 5800].map(async (pauseMs) => {
    await using pod = await podOn(tools, pauseMs);
    const words = await pod.failingAdd();
    assert.match(words, /iptables did not end within 8\.0 s .* new ipv4 rules may be there/);
    assert.match(words, /could not be put back: .* within 9\.0 s of the call/);
    assert.doesNotMatch(words, /ipv6 rules|kumactl/);
    assert.match(await pod.rules(), /KUMA/);
    await pod.leftNothing();
  }));
});

test("… and the listing of IPv6 hangs when both are to be put back: IPv4 is, all the same", async () => {
  const tried = '"${0%/*}/tried"';
  await using pod = await podOn({
    "ip6tables-restore": doing(`: > ${tried}; exec sleep 20`),
    "ip6tables-save": doing(`[ -e ${tried} ] && exec sleep 20; exec ${REAL}`),
  });
  assert.match(await pod.failingAdd(), /new ipv6 rules may be there/);
  assert.doesNotMatch(await pod.rules(), /KUMA/);
  await pod.leftNothing();
});

onDisk(
  "a program that hangs within the kernel, where no signal ends it: code 11 within 10 s",
  async () => {
    await using disk = await FrozenDisk.create();
    await using pod = await podOn({ "iptables-restore": doing(`: > ${disk.path}/file`) });
    assert.match(await pod.failingAdd(), /iptables did not end within 8\.0 s/);
    await disk.thaw();
    await pod.settle();
    await pod.leftNothing();
  },
);
