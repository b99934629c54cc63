import assert from "node:assert/strict";
import { type Finished, must, run } from "./processes.ts";
import { requires } from "./requires.ts";

const script = new URL("./testdata/build_hello.ts", import.meta.url).pathname;

function buildHello(cache: string, env: Record<string, string> = {}): Promise<Finished> {
  const args = ["run", "-A", "--no-check", "--quiet", script];
  return run(Deno.execPath(), args, { env: { XDG_CACHE_HOME: cache, ...env } });
}

requires("go")("two processes that need a program build it once", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const built = await Promise.all([buildHello(cache), buildHello(cache)]);
    assert.deepEqual(built.map((b) => b.code), [0, 0]);
    assert.equal(built[0].stdout, built[1].stdout);
    const builders = built.filter((b) => b.stderr.includes("building hello: 0 s"));
    assert.equal(builders.length, 1);
    assert.equal(await must(`${built[0].stdout}/hello`, []), "hello\n");
    const left = [...Deno.readDirSync(`${cache}/kuma-node-tooling/test`)].map((e) => e.name);
    assert.equal(left.filter((name) => name.startsWith(".building-")).length, 0);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("without Go the error says what to install, or what else to do", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const { code, stderr } = await buildHello(cache, { PATH: "/nonexistent" });
    assert.equal(code, 1);
    assert.match(stderr, /Cannot build hello: .*install Go 1\.24 or newer, or greet by hand/);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});
