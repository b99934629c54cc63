import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import { readInterpreter, RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { rewriteInterpreter } from "tests/support/interpreter.ts";
import { run, runOk, withTempDir } from "build/io.ts";
import { hostArch } from "build/pins.ts";
import { requires } from "tests/support/requires.ts";
import { withTiny } from "./fixture.ts";

const test = requires("root");

/** Starts `path` in a root directory that holds the program, its runtime folder and /proc, nothing else. */
async function startIn(
  dist: string,
  path: string,
  rewrite: boolean,
  verb = "lazy",
): Promise<string> {
  return await withTempDir(async (root) => {
    const program = join(root, path);
    const folder = join(dirname(program), RUNTIME_FOLDER);
    await Deno.mkdir(folder, { recursive: true });
    for await (const { name } of Deno.readDir(join(dist, RUNTIME_FOLDER))) {
      await Deno.copyFile(join(dist, RUNTIME_FOLDER, name), join(folder, name));
    }
    const bytes = await Deno.readFile(join(dist, "tiny"));
    if (rewrite) rewriteInterpreter(bytes, dirname(path));
    await Deno.writeFile(program, bytes, { mode: 0o755 });
    await Deno.mkdir(join(root, "proc"));
    await runOk("mount", ["-t", "proc", "proc", join(root, "proc")]);
    try {
      const { stdout, stderr } = await run("chroot", [root, path, verb]);
      return stdout + stderr;
    } finally {
      await runOk("umount", [join(root, "proc")]);
    }
  });
}

test("a program with the host runtime starts where there is no C library", async (t) => {
  await withTiny(hostArch(), { hostRuntime: true }, async (dist) => {
    const path = readInterpreter(await Deno.readFile(join(dist, "tiny")));
    assert.match(path, /^\/opt\/cni\/bin\/\.kuma-cni-runtime\/{100,}ld-linux-[^/]+$/);
    await t.step("in the bin dir that it was built for", async () => {
      assert.equal(await startIn(dist, "/opt/cni/bin/kuma-cni", false), "LAZILY\n");
    });
    for (const dir of ["/var/lib/rancher/k3s/data/cni", "/home/kubernetes/bin"]) {
      await t.step(`in ${dir}, after its interpreter path is rewritten`, async () => {
        assert.equal(await startIn(dist, `${dir}/kuma-cni`, true), "LAZILY\n");
      });
    }
    await t.step("not in another dir while it is not rewritten", async () => {
      assert.match(await startIn(dist, "/home/kubernetes/bin/kuma-cni", false), /No such file/);
    });
  });
});

test("its cryptography asks the kernel for entropy, and does without /dev", async () => {
  await withTiny(hostArch(), { hostRuntime: true }, async (dist) => {
    const program = Buffer.from(await Deno.readFile(join(dist, "tiny")));
    assert.equal(program.indexOf("/dev/sysgenid"), -1);
    assert.equal(await startIn(dist, "/opt/cni/bin/kuma-cni", false, "key"), "private\n");
  });
});

test("a plain compiled program does not start there", async () => {
  await withTiny(hostArch(), { hostRuntime: true }, async (dist, root) => {
    await withTiny(hostArch(), {}, async (plain) => {
      await Deno.copyFile(join(plain, "tiny"), join(dist, "tiny"));
      assert.match(await startIn(dist, "/opt/cni/bin/kuma-cni", false), /No such file/, root);
    });
  });
});
