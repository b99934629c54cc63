import assert from "node:assert/strict";
import { join } from "node:path";
import { build } from "build/build.ts";
import { run, sha256 } from "build/io.ts";
import { hostArch } from "build/pins.ts";
import { withTiny, writeTiny } from "./fixture.ts";

const arch = hostArch();
const nothing = { names: [], arch };

Deno.test("a compiled program runs with an empty environment, its names and lazy parts intact", async () => {
  await withTiny(arch, {}, async (dist) => {
    const program = join(dist, "tiny");
    const bare = { env: { PATH: undefined, HOME: undefined, TMPDIR: undefined } };
    assert.equal((await run(program, [], bare)).stdout, `tiny ${Deno.build.arch} OddName\n`);
    assert.equal((await run(program, ["lazy"], bare)).stdout, "LAZILY\n");
  });
});

Deno.test("a compiled program may do what its deno.json says and no more", async () => {
  await withTiny(arch, {}, async (dist) => {
    const program = join(dist, "tiny");
    assert.equal((await run(program, ["read", "/etc/hostname"])).stdout, "read\n");
    assert.equal((await run(program, ["read", "/proc/version"])).stdout, "NotCapable\n");
  });
});

Deno.test("a second build does nothing; a changed source, permission or binary is built anew", async () => {
  await withTiny(arch, {}, async (dist, root) => {
    const program = join(dist, "tiny");
    const first = sha256(await Deno.readFile(program));
    assert.equal((await build(root, nothing))[0]?.compiled, false);

    await Deno.writeTextFile(join(root, "tiny", "lazy.ts"), `export const shout = () => "new";`);
    assert.equal((await build(root, nothing))[0]?.compiled, true);
    assert.equal((await run(program, ["lazy"])).stdout, "new\n");

    await writeTiny(root);
    await build(root, nothing);
    assert.equal(sha256(await Deno.readFile(program)), first, "same sources, same binary");

    await writeTiny(root, { permissions: ["--allow-read=/etc,/proc"] });
    assert.equal((await build(root, nothing))[0]?.compiled, true);
    await Deno.truncate(program, 1000);
    assert.equal((await build(root, nothing))[0]?.compiled, true);
  });
});

Deno.test("a second build of a minified program does nothing either", async () => {
  await withTiny(arch, { minify: true }, async (dist, root) => {
    assert.equal((await build(root, nothing))[0]?.compiled, false);
    assert.match((await run(join(dist, "tiny"), ["lazy"])).stdout, /^LAZILY\n$/);
  });
});

Deno.test("a source that cannot be bundled is one error, and the old binary stays", async () => {
  await withTiny(arch, {}, async (dist, root) => {
    await Deno.writeTextFile(join(root, "tiny", "main.ts"), `import "./not_there.ts";`);
    await assert.rejects(build(root, nothing), { code: "KUMA-BUILD-001", message: /not_there/ });
    assert.equal((await run(join(dist, "tiny"), ["lazy"])).stdout, "LAZILY\n");
    assert.deepEqual([...Deno.readDirSync(join(root, "dist", ".build"))].map((e) => e.name), [
      `linux-${arch}`,
    ]);
  });
});
