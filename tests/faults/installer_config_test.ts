import assert from "node:assert/strict";
import { sleep, waitUntil } from "tests/support/processes.ts";
import { CALICO, isThere, TestNode } from "tests/installer/node.ts";

const LIST = "10-calico.conflist";

async function chainedNode(): Promise<TestNode> {
  const node = await TestNode.create();
  node.write(LIST, CALICO);
  await node.start().ready();
  return node;
}

Deno.test("the config is deleted, emptied, made invalid, and valid again", async () => {
  await using node = await chainedNode();
  const faults: [string, () => void][] = [
    ["deleted", () => Deno.removeSync(`${node.netDir}/${LIST}`)],
    ["emptied", () => Deno.truncateSync(`${node.netDir}/${LIST}`)],
    ["cut off", () => Deno.writeTextFileSync(`${node.netDir}/${LIST}`, CALICO.slice(0, 100))],
    ["no JSON", () => node.write(LIST, "plugins: [calico]\n")],
    ["no list", () => node.write(LIST, `{"name": "x", "plugins": {}}`)],
  ];
  for (const [name, fault] of faults) {
    fault();
    await waitUntil(`it is not ready: ${name}`, () => !isThere(node.readyFile));
    assert.notEqual(node.chain(LIST)?.at(-1), "kuma-cni");
    node.write(LIST, CALICO);
    await node.chained(LIST);
    await waitUntil(`it is ready after ${name}`, () => isThere(node.readyFile));
  }
});

Deno.test("a config written in pieces is left alone until it is whole", async () => {
  await using node = await chainedNode();
  const file = Deno.openSync(`${node.netDir}/${LIST}`, { write: true, truncate: true });
  for (const byte of new TextEncoder().encode(CALICO)) {
    file.writeSync(new Uint8Array([byte]));
    await sleep(2);
  }
  file.close();
  await node.chained(LIST, 1000);
  const installer = node.installers[0]!;
  node.daemonSet = "gone";
  await installer.stop();
  assert.equal(node.read(LIST), CALICO);
});

/** The folder of the release that the node's kuma-cni leads to. */
function release(node: TestNode): string {
  const link = Deno.readLinkSync(`${node.binDir}/kuma-cni`);
  return `${node.binDir}/${link.slice(0, link.indexOf("/"))}`;
}

Deno.test("program, runtime folder and kubeconfig come back when somebody takes them", async () => {
  await using node = await TestNode.create();
  Deno.mkdirSync(`${node.dir}/image/.kuma-cni-runtime`);
  Deno.writeTextFileSync(`${node.dir}/image/.kuma-cni-runtime/libc.so.6`, "a library");
  node.write(LIST, CALICO);
  await node.start().ready();
  const damage: (() => void)[] = [
    () => Deno.removeSync(`${node.binDir}/kuma-cni`),
    () => Deno.writeTextFileSync(`${node.binDir}/kuma-cni`, "#!/bin/false\n"),
    () => Deno.chmodSync(`${node.binDir}/kuma-cni`, 0o644),
    () => Deno.removeSync(`${release(node)}/.kuma-cni-runtime`, { recursive: true }),
    () => Deno.writeTextFileSync(`${release(node)}/.kuma-cni-runtime/libc.so.6`, "another"),
    () => Deno.removeSync(`${node.netDir}/ZZZ-kuma-cni-kubeconfig`),
    () => Deno.chmodSync(`${node.netDir}/ZZZ-kuma-cni-kubeconfig`, 0o644),
  ];
  const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;
  const isWhole = () => {
    try {
      return isThere(node.readyFile) && modeOf(`${node.binDir}/kuma-cni`) === 0o755 &&
        /supportedVersions/.test(Deno.readTextFileSync(`${node.binDir}/kuma-cni`)) &&
        Deno.readTextFileSync(`${release(node)}/.kuma-cni-runtime/libc.so.6`) === "a library" &&
        modeOf(`${node.netDir}/ZZZ-kuma-cni-kubeconfig`) === 0o600;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  };
  assert.ok(isWhole());
  for (const harm of damage) {
    harm();
    assert.ok(!isWhole(), String(harm));
    await waitUntil(`it is put right after ${harm}`, isWhole, { timeoutMs: 20_000 });
    // The round that did it ends: what is harmed within the same milliseconds it would take for its own work.
    await sleep(1000);
  }
});

Deno.test("a plugin that does not run is never chained", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  for (const program of ["#!/bin/sh\nexit 1\n", "#!/no/such/loader\n", "#!/bin/sh\necho hello\n"]) {
    Deno.writeTextFileSync(`${node.dir}/image/kuma-cni`, program);
    const installer = node.start();
    assert.equal(await installer.end(), 3, installer.output);
    assert.match(installer.output, /KUMA-INS-021/);
    assert.deepEqual([...Deno.readDirSync(node.binDir)], [], "it is not left behind");
    assert.equal(node.read(LIST), CALICO);
    assert.ok(!isThere(node.readyFile));
  }
});

Deno.test("a release that does not run never takes the place of one that does", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const first = node.start();
  await first.ready();
  const before = release(node);
  Deno.writeTextFileSync(`${node.dir}/image/kuma-cni`, "#!/no/such/loader\n");
  await first.stop();
  const second = node.start();
  assert.equal(await second.end(), 3, second.output);
  assert.equal(release(node), before);
  assert.match(Deno.readTextFileSync(`${node.binDir}/kuma-cni`), /supportedVersions/);
  assert.equal(node.chain(LIST)?.at(-1), "kuma-cni");
});
