import assert from "node:assert/strict";
import { sleep } from "tests/support/processes.ts";
import { CALICO, isThere, TestNode, TINY_PLUGIN } from "tests/installer/node.ts";

const LIST = "10-calico.conflist";
const CONF = "05-cilium.conf";
const CILIUM = `{\n  "cniVersion": "0.3.1",\n  "name": "cilium",\n  "type": "cilium-cni"\n}\n`;

/** What a runtime may find at any moment: whole files only, with or without our entry. */
function assertWhole(node: TestNode): void {
  for (const name of node.names().filter((name) => /\.conf(list)?$/.test(name))) {
    const text = node.read(name);
    if (text === CALICO || text === CILIUM) continue;
    const plugins = (JSON.parse(text) as { plugins: { type: string }[] }).plugins;
    const types = plugins.map(({ type }) => type).join();
    assert.match(types, /^(calico,portmap|cilium-cni)(,kuma-cni)?$/, name);
  }
  assert.ok(node.names().some((name) => /\.conf(list)?$/.test(name)), "no config is left at all");
  const plugin = `${node.binDir}/kuma-cni`;
  if (isThere(plugin)) {
    assert.match(Deno.readTextFileSync(plugin), /^#!\/bin\/sh\necho .*\n(# version \d+\n)?$/);
    assert.equal((Deno.statSync(plugin).mode ?? 0) & 0o777, 0o755);
  }
  const kubeconfig = `${node.netDir}/ZZZ-kuma-cni-kubeconfig`;
  if (isThere(kubeconfig)) assert.equal((Deno.statSync(kubeconfig).mode ?? 0) & 0o777, 0o600);
}

function deterministic(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
}

async function killOnce(node: TestNode, round: number, random: () => number): Promise<void> {
  const leaving = round % 3 === 2;
  if (round % 2 === 0 && !isThere(`${node.netDir}/${CONF}`)) node.write(LIST, CALICO);
  if (round % 5 === 0) {
    const version = `${TINY_PLUGIN}# version ${round}\n`;
    Deno.writeTextFileSync(`${node.dir}/image/kuma-cni`, version);
  }
  const installer = node.start();
  if (leaving) {
    await installer.ready();
    Deno.kill(installer.pid, "SIGTERM");
    await sleep(random() < 0.5 ? random() * 20 : 480 + random() * 60);
  } else {
    // The runtime itself needs some 50 ms to start: the work is between there and 120 ms.
    await sleep(40 + random() * 80);
  }
  await installer.kill();
  node.installers.pop();
  assertWhole(node);
}

for (
  const [name, file, original] of [["a list", LIST, CALICO], ["a .conf", CONF, CILIUM]] as const
) {
  Deno.test(`${name}: killed at 100 random moments, always whole, right and restored at the end`, async () => {
    await using node = await TestNode.create();
    node.daemonSet = "gone";
    node.write(file, original);
    const random = deterministic(file.length);
    for (let round = 0; round < 100; round++) {
      await killOnce(node, file === CONF ? 2 * round + 1 : round, random).catch((error) => {
        throw new Error(`round ${round}: ${error.message}\n${node.names()}`, { cause: error });
      });
      if (file === CONF) node.write(CONF, CILIUM);
    }
    const last = node.start();
    await last.ready();
    const chained = file === LIST ? LIST : "05-cilium.conflist";
    assert.equal(node.chain(chained)?.at(-1), "kuma-cni");
    assert.deepEqual(
      [...Deno.readDirSync(`${node.netDir}/.kuma-cni`)].filter(({ name }) => name.endsWith(".tmp")),
      [],
    );
    await last.stop();
    assert.deepEqual(node.names(), [file], last.output);
    assert.equal(node.read(file), original);
    assert.deepEqual([...Deno.readDirSync(node.binDir)], []);
  });
}
