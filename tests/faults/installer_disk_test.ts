import assert from "node:assert/strict";
import { must, sleep } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { CALICO, isThere, TestNode } from "tests/installer/node.ts";

const LIST = "10-calico.conflist";
const test = requires("root");

/** Mounts over a folder until disposed of. */
async function mounted(dir: string, options: string): Promise<AsyncDisposable> {
  await must("mount", ["-t", "tmpfs", "-o", options, "kuma-test", dir]);
  return {
    [Symbol.asyncDispose]: async () => {
      await must("umount", ["--lazy", dir]);
    },
  };
}

/** Fills the file system to its last byte. */
function fill(dir: string): void {
  const file = Deno.openSync(`${dir}/filler`, { write: true, create: true, append: true });
  try {
    for (const size of [4096, 512, 1]) {
      try {
        for (;;) if (file.writeSync(new Uint8Array(size)) < size) break;
      } catch (error) {
        assert.match(String(error), /No space left/);
      }
    }
  } finally {
    file.close();
  }
}

test("a full disk at the start: nothing is chained, nothing is damaged; with space it works", async () => {
  await using node = await TestNode.create();
  await using _mount = await mounted(node.netDir, "size=128k");
  Deno.writeTextFileSync(`${node.netDir}/${LIST}`, CALICO);
  fill(node.netDir);
  const failed = node.start();
  assert.equal(await failed.end(), 3, failed.output);
  assert.match(failed.output, /KUMA-(INS|HOST)-\d+/);
  assert.equal(node.read(LIST), CALICO);
  Deno.removeSync(`${node.netDir}/filler`);
  const installer = node.start();
  await installer.ready();
  node.daemonSet = "gone";
  await installer.stop();
  assert.deepEqual(node.names(), [LIST], installer.output);
});

test("a disk that fills up later: the other agent's file stays whole, and is chained once there is space", async () => {
  await using node = await TestNode.create();
  await using _mount = await mounted(node.netDir, "size=128k");
  Deno.writeTextFileSync(`${node.netDir}/${LIST}`, CALICO);
  const installer = node.start();
  await installer.ready();
  // In place, as the full disk allows: the entry goes, and nothing new can be written.
  fill(node.netDir);
  Deno.writeTextFileSync(`${node.netDir}/${LIST}`, CALICO);
  await sleep(1500);
  assert.equal(node.read(LIST), CALICO);
  assert.ok(!isThere(node.readyFile));
  assert.match(installer.output, /could not put things right/);
  Deno.removeSync(`${node.netDir}/filler`);
  await node.chained(LIST, 3000);
  node.daemonSet = "gone";
  await installer.stop();
  assert.deepEqual(node.names(), [LIST], installer.output);
});

test("a full disk at the end: chain, program and kubeconfig stay together", async () => {
  await using node = await TestNode.create();
  await using _mount = await mounted(node.netDir, "size=128k");
  Deno.writeTextFileSync(`${node.netDir}/${LIST}`, CALICO);
  const installer = node.start();
  await installer.ready();
  fill(node.netDir);
  node.daemonSet = "gone";
  await installer.stop();
  assert.equal(node.chain(LIST)?.at(-1), "kuma-cni");
  assert.ok(isThere(`${node.binDir}/kuma-cni`), installer.output);
});

test("a bin dir without space is no reason to touch the chain", async () => {
  await using node = await TestNode.create();
  await using _mount = await mounted(node.binDir, "size=64k");
  Deno.writeFileSync(`${node.dir}/image/kuma-cni`, new Uint8Array(200_000));
  node.write(LIST, CALICO);
  const installer = node.start();
  assert.equal(await installer.end(), 3);
  assert.match(installer.output, /KUMA-INS-020.*No space left|No space left.*KUMA-INS-020/s);
  assert.equal(node.read(LIST), CALICO);
  assert.deepEqual([...Deno.readDirSync(node.binDir)], []);
});

test("read-only dirs are named, and left as they are", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  for (
    const [dir, code] of [[node.netDir, /KUMA-INS-030/], [node.binDir, /KUMA-INS-020/]] as const
  ) {
    await must("mount", ["--bind", dir, dir]);
    try {
      await must("mount", ["-o", "remount,bind,ro", dir]);
      const installer = node.start();
      assert.equal(await installer.end(), 3);
      assert.match(installer.output, code);
    } finally {
      await must("umount", ["--lazy", dir]);
    }
    assert.equal(node.read(LIST), CALICO);
  }
});

test("a secondary bin dir is enough where the first is read-only", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  Deno.mkdirSync(`${node.dir}/second`);
  await must("mount", ["--bind", node.binDir, node.binDir]);
  try {
    await must("mount", ["-o", "remount,bind,ro", node.binDir]);
    const installer = node.start({ MOUNTED_SECONDARY_CNI_BIN_DIR: `${node.dir}/second` });
    await installer.ready();
    assert.ok(isThere(`${node.dir}/second/kuma-cni`));
    node.daemonSet = "gone";
    await installer.stop();
    assert.deepEqual([...Deno.readDirSync(`${node.dir}/second`)], []);
  } finally {
    await must("umount", ["--lazy", node.binDir]);
  }
});

Deno.test("a symlinked conf dir works like a plain one", async () => {
  await using node = await TestNode.create();
  Deno.renameSync(node.netDir, `${node.dir}/real`);
  Deno.symlinkSync("real", node.netDir);
  node.write(LIST, CALICO);
  const installer = node.start();
  await installer.ready();
  node.write(LIST, CALICO);
  await node.chained(LIST, 1000);
  node.daemonSet = "gone";
  await installer.stop();
  assert.deepEqual(node.names(), [LIST]);
  assert.equal(node.read(LIST), CALICO);
  assert.ok(Deno.lstatSync(node.netDir).isSymlink);
});

Deno.test("a config that is a symlink stays one: its target has the entry, is watched, and is given back", async () => {
  await using node = await TestNode.create();
  const folder = `${node.dir}/elsewhere`, target = `${folder}/real.conflist`;
  const leads = () => Deno.readLinkSync(`${node.netDir}/${LIST}`);
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(target, CALICO);
  Deno.symlinkSync("../elsewhere/real.conflist", `${node.netDir}/${LIST}`);
  // Only the watch can be fast enough then.
  const installer = node.start({ CFGCHECK_INTERVAL: "60" });
  await installer.ready();
  assert.equal(leads(), "../elsewhere/real.conflist");
  assert.match(Deno.readTextFileSync(target), /kuma-cni/);
  for (const text of [CALICO, CALICO.replace("calico", "other")]) {
    Deno.writeTextFileSync(`${folder}/new`, text);
    Deno.renameSync(`${folder}/new`, target);
    await node.chained(LIST, 10_000);
    assert.equal(leads(), "../elsewhere/real.conflist");
  }
  node.daemonSet = "gone";
  await installer.stop();
  assert.equal(leads(), "../elsewhere/real.conflist");
  assert.equal(Deno.readTextFileSync(target), CALICO.replace("calico", "other"));
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["real.conflist"]);
});

test("a symlink to another file system is followed as well", async () => {
  await using node = await TestNode.create();
  const folder = `${node.dir}/elsewhere`, target = `${folder}/real.conflist`;
  Deno.mkdirSync(folder);
  await using _mount = await mounted(folder, "size=1m");
  Deno.writeTextFileSync(target, CALICO);
  Deno.symlinkSync(target, `${node.netDir}/${LIST}`);
  const installer = node.start();
  await installer.ready();
  assert.match(Deno.readTextFileSync(target), /kuma-cni/);
  node.daemonSet = "gone";
  await installer.stop();
  assert.equal(Deno.readTextFileSync(target), CALICO);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["real.conflist"]);
});

Deno.test("a net dir that is replaced by another one is followed", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const installer = node.start();
  await installer.ready();
  Deno.renameSync(node.netDir, `${node.dir}/old`);
  Deno.mkdirSync(node.netDir);
  node.write("20-new.conflist", CALICO);
  await node.chained("20-new.conflist", 4000);
  node.daemonSet = "gone";
  await installer.stop();
  assert.deepEqual(node.names(), ["20-new.conflist"]);
});
