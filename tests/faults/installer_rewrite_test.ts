import assert from "node:assert/strict";
import { sleep } from "tests/support/processes.ts";
import { CALICO, TestNode } from "tests/installer/node.ts";

const LIST = "10-calico.conflist";
const TIMES = 1000;
const EVERY_MS = 10;

function version(serial: number): string {
  return CALICO.replace(`"name"`, `"serial": ${serial},\n  "name"`);
}

/** Writes 1,000 versions in 10 s; every one is a whole file of its own. */
async function rewrite(node: TestNode): Promise<void> {
  const started = performance.now();
  for (let serial = 1; serial <= TIMES; serial++) {
    node.write(LIST, version(serial));
    await sleep(Math.max(0, started + serial * EVERY_MS - performance.now()));
  }
}

Deno.test("replaced 1,000 times in 10 s: readers find whole files, and the last version is chained", async () => {
  await using node = await TestNode.create();
  node.write(LIST, version(0));
  const installer = node.start({ CNI_HTTP_PORT: "0" });
  await installer.ready();
  let reads = 0, withOurs = 0, ended = false;
  let failure: unknown;
  const reader = (async () => {
    while (!ended) {
      for (let i = 0; i < 20; i++, reads++) {
        const text = node.read(LIST);
        const list = JSON.parse(text) as { serial: number; plugins: { type: string }[] };
        const types = list.plugins.map(({ type }) => type);
        if (types.at(-1) === "kuma-cni") withOurs++;
        else assert.equal(text, version(list.serial), "neither ours nor the other writer's bytes");
      }
      await sleep(0);
    }
  })().catch((error: unknown) => failure = error);
  await rewrite(node);
  await node.chained(LIST, 15_000);
  ended = true;
  await reader;
  assert.ifError(failure);
  assert.ok(reads > 10_000 && withOurs > 0, `${reads} reads`);
  assert.match(node.read(LIST), new RegExp(`"serial": ${TIMES},`));
  assert.match(installer.output, /keeps rewriting the CNI config; slowing down/);
  assert.match(installer.output, /the entry was away: pods that started meanwhile may run without/);
  // It held back: not one write of its own for each of the other's.
  const writes = installer.output.split("the chain has the plugin").length - 1;
  assert.ok(writes < 20, `${writes} writes`);
  node.daemonSet = "gone";
  await installer.stop();
  assert.equal(node.read(LIST), version(TIMES));
});

Deno.test("no write of another agent is ever lost to ours, however close they are", async () => {
  await using node = await TestNode.create();
  node.write(LIST, version(0));
  // Installers that start again and again, so that none of them holds back.
  let serial = 0;
  for (let round = 0; round < 15; round++) {
    const installer = node.start();
    await sleep(50 + round * 3);
    for (let i = 0; i < 60; i++) {
      node.write(LIST, version(++serial));
      await sleep(0);
    }
    await installer.ready();
    await node.chained(LIST, 3000);
    assert.match(node.read(LIST), new RegExp(`"serial": ${serial},`), `round ${round}`);
    await installer.kill();
    node.installers.pop();
  }
});
