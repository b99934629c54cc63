import assert from "node:assert/strict";
import { close, effectiveUserId, holdAbstractName } from "core/host/libc.ts";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { must, run, sleep } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { withinNamespace } from "../support/traffic/namespaces.ts";
import { everyTool, ToolFolder } from "./cni_tools.ts";
import { readySandbox } from "./ready_sandbox.ts";

effectiveUserId(); // Opens the C library outside of any test.
const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const ready = () => readySandbox(plugin);

/** How often the jump into our outbound chain is there; once a family is right. */
const jumps = (rules: string) => rules.match(/-A OUTPUT .*-j KUMA_MESH_OUTBOUND\n/g)?.length;

test("the namespace is named by a link, by /proc/PID/ns/net, by a thread's, by a path with dots", async () => {
  await using node = await ready();
  const { name, dir } = node.sandbox;
  // A process that lives in the namespace, as a pod's pause does.
  const pause = new Deno.Command("ip", { args: ["netns", "exec", name, "sleep", "60"] }).spawn();
  try {
    while ((await run("readlink", [`/proc/${pause.pid}/exe`])).stdout.includes("/ip\n")) {
      await sleep(10);
    }
    Deno.symlinkSync(`/run/netns/${name}`, `${dir}/link`);
    Deno.symlinkSync(`${dir}/link`, `${dir}/link-to-link`);
    let rules: string | undefined;
    for (
      const CNI_NETNS of [
        `${dir}/link-to-link`,
        `/proc/${pause.pid}/ns/net`,
        `/proc/${pause.pid}/task/${pause.pid}/ns/net`,
        `/run/../run/netns//./${name}`,
        `/proc/${pause.pid}/root/run/netns/${name}`,
      ]
    ) {
      for (const command of ["ADD", "CHECK"]) {
        const done = await node.sandbox.call(command, { env: { CNI_NETNS } });
        assert.equal(done.code, 0, `${command} ${CNI_NETNS}: ${done.stdout}`);
      }
      rules ??= await node.sandbox.rules();
      assert.equal(await node.sandbox.rules(), rules);
    }
    assert.equal(jumps(rules ?? ""), 2);
  } finally {
    pause.kill("SIGKILL");
    await pause.status;
  }
});

test("a link to the host's own namespace is refused like its name", async () => {
  await using node = await ready();
  const CNI_NETNS = `${node.sandbox.dir}/host`;
  Deno.symlinkSync(`/proc/${Deno.pid}/ns/net`, CNI_NETNS);
  assert.equal(errorOf(await node.sandbox.call("ADD", { env: { CNI_NETNS } })).code, 8);
});

test("a container ID of 100,000 characters is one like any other", async () => {
  await using node = await ready();
  const env = { CNI_CONTAINERID: "a".repeat(100_000) };
  for (const command of ["ADD", "CHECK", "DEL"]) {
    assert.equal((await node.sandbox.call(command, { env })).code, 0, command);
  }
});

test("several ADDs of one pod at the same moment: all succeed, no rule twice", async () => {
  for (let round = 0; round < 3; round += 1) {
    await using node = await ready();
    const all = await Promise.all(
      ["ADD", "ADD", "ADD", "ADD"].map((one) => node.sandbox.call(one)),
    );
    for (const done of all) assert.equal(done.code, 0, done.stdout);
    assert.equal((await node.sandbox.call("CHECK")).code, 0);
    assert.equal(jumps(await node.sandbox.rules()), 2);
  }
});

test("a pod that takes the name that kuma-cni waits for cannot stop it", async () => {
  await using node = await ready();
  const held = withinNamespace(node.sandbox.name, () => holdAbstractName("kuma-cni/turn"));
  assert.ok(held >= 0);
  try {
    const started = performance.now();
    for (const command of ["ADD", "CHECK"]) {
      const done = await node.sandbox.call(command);
      assert.equal(done.code, 0, done.stdout);
    }
    const took = performance.now() - started;
    assert.ok(took > 5000 && took < 12_000, `it took ${took} ms`);
  } finally {
    close(held);
  }
});

test("the namespace goes away in the middle of ADD: an end in time, nothing left on the host", async () => {
  await using node = await ready();
  const path = `/run/netns/${node.sandbox.name}`;
  const tools = everyTool("xtables-nft-multi");
  using folder = new ToolFolder({
    ...tools,
    // Between the look at the rules and their change.
    "ip6tables-restore": {
      script: `umount ${path}; rm -f ${path}; exec /usr/sbin/xtables-nft-multi \${0##*/} "$@"`,
    },
  });
  const before = await must("iptables-save", []);
  const started = performance.now();
  const done = await node.sandbox.call("ADD", { within: folder.words(plugin.path) });
  if (done.code !== 0) errorOf(done);
  assert.ok(performance.now() - started < 5000);
  assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
  assert.equal(rulesOnly(await must("iptables-save", [])), rulesOnly(before));
  assert.equal((await node.sandbox.call("DEL")).code, 0);
  assert.equal(errorOf(await node.sandbox.call("ADD")).code, 4);
  await must("ip", ["netns", "add", node.sandbox.name]); // For the end of the test to remove.
});

const rulesOnly = (text: string) => text.replaceAll(/^#.*\n|\[\d+:\d+\]/gm, "");
