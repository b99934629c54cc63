import assert from "node:assert/strict";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { freePort, must, sleep, waitUntil } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { DIST, type Installer } from "tests/installer/node.ts";
import { WholeNode } from "./node_support.ts";

const test = requires("root", "netns", "go", "etcd", "cni-plugins", "iptables-nft");

const PODS = 48;
const AT_A_TIME = 3;

/** Another release: the same program but for a byte that nobody reads (EI_PAD of its ELF header). */
async function otherRelease(node: WholeNode): Promise<string> {
  const dir = `${node.node.dir}/release-2`;
  Deno.mkdirSync(dir);
  await must("cp", ["-a", `${DIST}/kuma-cni`, `${DIST}/${RUNTIME_FOLDER}`, dir]);
  const file = Deno.openSync(`${dir}/kuma-cni`, { write: true });
  file.seekSync(15, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array([1]));
  file.close();
  Deno.writeTextFileSync(`${dir}/${RUNTIME_FOLDER}/release`, "2");
  return dir;
}

/** Kills, replaces and upgrades the installer until told to stop, and counts how often each was done. */
async function disturb(
  node: WholeNode,
  first: Installer,
  stop: { now: boolean },
  done: { killed: number; replaced: number; upgraded: number },
) {
  const other = await otherRelease(node);
  let installer = first;
  for (let round = 0; !stop.now; round++) {
    if (round % 3 === 0) {
      await installer.kill();
      done.killed++;
      await sleep(100);
      installer = await node.install();
    } else if (round % 3 === 1) {
      await installer.stop();
      done.replaced++;
      await sleep(200);
      installer = await node.install();
    } else {
      // A surge: the new release takes over while the old one still runs.
      const next = node.install(other);
      await next;
      await installer.stop();
      installer = await next;
      done.upgraded++;
    }
    await sleep(100);
  }
}

test("pods come and go while the installer is killed, replaced and upgraded: none fails, all are intercepted", async () => {
  await using node = await WholeNode.create();
  const first = await node.install();
  const stop = { now: false };
  const done = { killed: 0, replaced: 0, upgraded: 0 };
  let next = 0;
  const disturbing = disturb(node, first, stop, done);
  // Where it fails, no more pods need to come; it is waited for below.
  disturbing.catch(() => next = Infinity);
  const worker = async () => {
    // Until each of them has happened, however slow the installer is beside the pods.
    while (next < PODS || (next < 20 * PODS && Object.values(done).includes(0))) {
      const name = `web-${next++}`;
      await node.createPod(name);
      const { error, sandbox } = await node.add(name);
      assert.equal(error, "", `ADD of ${name}: ${error}`);
      assert.ok(await node.isIntercepted(sandbox), `${name} runs without rules`);
      const gone = await node.remove(name, sandbox);
      assert.equal(gone, "", `DEL of ${name}: ${gone}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  } finally {
    stop.now = true;
  }
  await disturbing;
  assert.ok(done.killed > 0 && done.replaced > 0 && done.upgraded > 0, JSON.stringify(done));
  assert.deepEqual(await node.chain.leftovers(), []);
});

test("without any installer: meshed pods start as long as the API server answers, others always", async () => {
  await using node = await WholeNode.create();
  const installer = await node.install();
  await installer.kill();
  await node.createPod("web");
  const meshed = await node.add("web");
  assert.equal(meshed.error, "");
  assert.ok(await node.isIntercepted(meshed.sandbox));
  const sandbox = await node.chain.createSandbox();
  const options = { network: "pods", binDirs: [node.node.binDir] };
  assert.equal((await node.chain.cniAdd(sandbox, options)).error, "", "no Kubernetes pod");
});

test("the plugin's calls show up in the installer's log and metrics", async () => {
  await using node = await WholeNode.create();
  const port = freePort();
  const installer = await node.install(DIST, { CNI_HTTP_PORT: String(port) });
  await node.createPod("web");
  assert.equal((await node.add("web")).error, "");
  await installer.says(new RegExp(`kuma-cni\\tdone\\t.*"pod":"${node.namespace}/web"`));
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.match(page, /kuma_cni_plugin_calls_total\{outcome="done",verb="ADD"\} 1\n/);
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
  assert.equal(ready.status, 200, await ready.text());

  // The level changes while it runs, and the plugin follows by its entry in the chain.
  const put = await fetch(`http://127.0.0.1:${port}/loglevel`, { method: "PUT", body: "debug" });
  assert.equal((await put.text()).trim(), "debug");
  const list = `${node.chain.confDir}/10-pods.conflist`;
  await waitUntil(
    "the plugin's entry has the level",
    () => Deno.readTextFileSync(list).includes('"log_level": "debug"'),
    { timeoutMs: 60_000 },
  );
});
