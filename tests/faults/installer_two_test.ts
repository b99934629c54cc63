import assert from "node:assert/strict";
import { sleep, waitUntil } from "tests/support/processes.ts";
import { CALICO, isThere, TestNode } from "tests/installer/node.ts";

const LIST = "10-calico.conflist";

Deno.test("two at once: one works, nothing is corrupted, and the other takes over when it dies", async () => {
  await using node = await TestNode.create();
  for (let round = 0; round < 10; round++) {
    node.write(LIST, CALICO);
    const pair = [node.start(), node.start()] as const;
    await node.chained(LIST);
    for (let i = 0; i < 5; i++) {
      node.write(LIST, CALICO);
      await node.chained(LIST, 2000);
    }
    assert.deepEqual(node.chain(LIST), ["calico", "portmap", "kuma-cni"]);
    await sleep(50);
    await pair[round % 2]!.kill();
    await sleep(200);
    node.write(LIST, CALICO);
    await node.chained(LIST, 3000);
    await pair[1 - round % 2]!.kill();
  }
  node.daemonSet = "gone";
  const last = node.start();
  await last.ready();
  await last.stop();
  assert.deepEqual(node.names(), [LIST]);
  assert.equal(node.read(LIST), CALICO);
});

Deno.test("a surge: the new one takes over, and the old one's end changes nothing", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const old = node.start();
  await old.ready();
  const fresh = node.start({ CNI_LOG_LEVEL: "debug", READY_FILE: `${node.dir}/ready2` });
  await waitUntil("the new one is ready", () => isThere(`${node.dir}/ready2`));
  const chained = node.read(LIST);
  assert.match(chained, /"log_level": "debug"/);
  node.daemonSet = "gone";
  assert.equal(await old.stop(), 0);
  assert.equal(node.read(LIST), chained, old.output);
  await fresh.stop();
  assert.equal(node.read(LIST), CALICO);
});
