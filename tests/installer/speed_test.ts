import assert from "node:assert/strict";
import { sleep } from "tests/support/processes.ts";
import { idleUse } from "./idle.ts";
import { CALICO, DIST, TestNode } from "./node.ts";

const LIST = "10-calico.conflist";

Deno.test("start, heal and idle keep their bounds with the compiled plugin", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const image = { CNI_SOURCE_DIR: DIST, MOUNTED_HOST_ROOT: "/" };
  // The best of some: other work on the machine is not what is measured.
  const starts: number[] = [];
  while (starts.length < 10 && Math.min(...starts) > 500) {
    const installer = node.start(image);
    starts.push(await installer.ready());
    await installer.stop();
    node.installers.pop();
  }
  assert.ok(Math.min(...starts) <= 500, `start to ready: ${starts} ms`);

  const installer = node.start(image);
  await installer.ready();
  for (let heal = 0; heal < 4; heal++) {
    node.write(LIST, CALICO);
    await node.chained(LIST, 1000);
    await sleep(20);
  }
  await sleep(1500);
  // About half a minute after its start V8 tidies up once, which takes as long as 30 s of idling.
  const shares: number[] = [];
  while (shares.length < 3 && Math.min(...shares) > 0.002) {
    const { coreShare, rssMiB } = await idleUse(installer.pid, 10_000);
    shares.push(coreShare);
    assert.ok(rssMiB <= 90, `${rssMiB} MiB`);
  }
  assert.ok(Math.min(...shares) <= 0.002, `idle: ${shares} of a core`);
});
