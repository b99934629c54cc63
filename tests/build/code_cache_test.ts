/** Programs that carry V8's bytecode: made, used, refused, damaged. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { build } from "build/build.ts";
import { run, sha256 } from "build/io.ts";
import { hostArch } from "build/pins.ts";
import { rewriteInterpreter } from "tests/support/interpreter.ts";
import { requires } from "tests/support/requires.ts";
import { withTiny } from "./fixture.ts";

const test = requires("netns");
const arch = hostArch();
const nothing = { names: [], arch };
const commands = { cache: [{ run: "cache" }], "": [{ run: "cache" }] };
const change = {
  permissions: ["--allow-read"],
  minify: true,
  warmUp: { module: "run.ts", commands },
};

test("a program takes the bytecode of its command, and has its lazy parts and permissions", async () => {
  await withTiny(arch, change, async (dist, root) => {
    const program = join(dist, "tiny");
    const said = async (...args: string[]) => (await run(program, args)).stdout;
    assert.equal(await said("cache"), "used\n");
    assert.match(await said(), new RegExp(`^tiny ${Deno.build.arch} \\w+\n$`));
    assert.equal(await said("lazy"), "LAZILY\n");
    assert.equal(await said("key"), "private\n");
    assert.equal(await said("read", "/etc/hostname"), "read\n");
    assert.equal(await said("read", "/proc/version"), "NotCapable\n");

    const first = sha256(await Deno.readFile(program));
    assert.equal((await build(root, nothing))[0]?.compiled, false);
    await Deno.remove(program);
    await build(root, nothing);
    assert.equal(sha256(await Deno.readFile(program)), first, "same sources, same binary");
    assert.deepEqual(
      [...Deno.readDirSync(join(root, "dist", ".build"))].map(({ name }) => name),
      [`linux-${arch}`],
    );
  });
});

test("bytecode that V8 refuses is compiled anew; a file that is not the one started is an error", async () => {
  await withTiny(arch, change, async (dist) => {
    const program = join(dist, "tiny");
    const whole = Buffer.from(await Deno.readFile(program));
    const { at, id, commands, modules } = attachmentOf(whole);
    const [cache, cacheLength] = commands["cache"]!.first;
    const [other, otherCache] = commands[""]!.first;
    const broken = async (where: number, verb: string) => {
      const copy = Buffer.from(whole);
      copy.writeUInt32LE(copy.readUInt32LE(where) ^ 0xff, where);
      const path = join(dist, "broken");
      await Deno.writeFile(path, copy, { mode: 0o755 });
      return await run(path, [verb]);
    };
    const starter = whole.subarray(
      whole.lastIndexOf('Symbol.for("kuma.code_cache")'),
      whole.lastIndexOf('{\\"at\\":'),
    ).toString();
    assert.match(starter, / = \(async function\(/);
    assert.doesNotMatch(starter, /^(async )?function /m, "all are compiled with the script");
    // The second word of bytecode is the hash of V8's version.
    const refused = await broken(at + cache + 4, "cache");
    assert.deepEqual(refused, { code: 0, stdout: "refused\n", stderr: "" });

    for (
      const [where, verb] of [
        [at + cache + cacheLength + 2, "cache"],
        [at + other + otherCache + id.length - 4, "lazy"],
      ] as const
    ) {
      const { code, stdout, stderr } = await broken(where, verb);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(
        stderr,
        /^Error: cannot start the program in .*broken: the file was replaced meanwhile \[KUMA-HOST-022\]\nHint: .*\n$/,
      );
    }
    assert.equal((await broken(at + modules[0], "odd")).code, 0, "not read unless it is needed");
  });
});

test("a command that fails while it is recorded is left out, and works as ever", async () => {
  const odd = [{ before: "throw", run: "odd" }, { run: "throw" }, { run: "cache" }];
  const failing = { ...change, warmUp: { module: "run.ts", commands: { cache: odd, "": odd } } };
  await withTiny(arch, failing, async (dist, root) => {
    const path = join(root, "tiny", "run.ts");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace("return 0;", `return verb === "throw" ? 7 : 0;`));
    assert.equal((await build(root, nothing))[0]?.compiled, true);
    const program = join(dist, "tiny");
    assert.equal((await run(program, ["cache"])).stdout, "used\n");
    assert.equal((await run(program, ["throw"])).code, 7);
  });
});

test("a lazy module finds the modules of a recorded command, whole and the same ones", async () => {
  await withTiny(arch, change, async (dist, root) => {
    const write = (name: string, text: string) =>
      Deno.writeTextFile(join(root, "tiny", name), text);
    // "cache" is recorded and loads the helper; the other two are not, and ask for another name of it.
    await write(
      "helper.ts",
      "let count = 0; export const one = () => { count++; };" +
        " export const two = () => `counted ${count}`;",
    );
    await write("lazy.ts", `export const shout = async () => (await import("./helper.ts")).two();`);
    await write(
      "run.ts",
      `export async function run([verb]: string[]): Promise<number> {
        if (verb !== "lazy") (await import("./helper.ts")).one();
        if (verb !== "cache") console.log(await (await import("./lazy.ts")).shout());
        return 0;
      }`,
    );
    await build(root, nothing);
    const said = async (verb: string) => await run(join(dist, "tiny"), [verb]);
    assert.deepEqual(await said("cache"), { code: 0, stdout: "", stderr: "" });
    assert.deepEqual(await said("lazy"), { code: 0, stdout: "counted 0\n", stderr: "" });
    assert.deepEqual(await said("both"), { code: 0, stdout: "counted 1\n", stderr: "" });
  });
});

// The first run loads "helper", "early" and "whole"; the second, beyond these, "late", and "inner" in a circle with that;
// no run loads "cold". Each says what it finds of the others.
const STAGED: Readonly<Record<string, string>> = {
  "helper.ts":
    "let count = 0; export const one = () => ++count; export const unused = () => -count;",
  "whole.ts": 'export default "whole";',
  "early.ts": `import { one } from "./helper.ts";
    export const early = async () =>
      ["early", (await import("./whole.ts")).default, one()].join(" ");`,
  "late.ts": `import { one } from "./helper.ts"; import { inner } from "./inner.ts";
    export const late = () => "late " + one() + " " + inner(); export const number = 7;
    export const fail = () => { throw new Error("late failed"); };`,
  "inner.ts": `import { number } from "./late.ts"; export const inner = () => "inner " + number;
    export const again = async () => (await import("./late.ts")).late();`,
  "cold.ts": `import { one, unused } from "./helper.ts"; import { late } from "./late.ts";
    import { again } from "./inner.ts";
    export const cold = async () =>
      ["cold", (await import("./whole.ts")).default, one(), unused(), late(), await again(), one()]
        .join(" ");`,
  "run.ts": `import { codeCacheState } from "./state.ts";
    export async function run(args: string[]): Promise<number> {
      try {
        for (const verb of args) {
          if (verb === "early") console.log(await (await import("./early.ts")).early());
          if (verb === "late") console.log((await import("./late.ts")).late());
          if (verb === "again") console.log(await (await import("./inner.ts")).again());
          if (verb === "fail") (await import("./late.ts")).fail();
          if (verb === "cold") console.log(await (await import("./cold.ts")).cold());
          if (verb === "state") console.log(codeCacheState());
        }
        return 0;
      } catch (error) {
        console.error(String(error));
        return 3;
      }
    }`,
  "state.ts": `export const codeCacheState = () =>
    (globalThis as Record<symbol, unknown>)[Symbol.for("kuma.code_cache")];`,
};

test("what a later run needs beyond the first is a stage of its own, which is read when it is needed", async () => {
  const staged = [{ run: "early" }, { run: "late again" }, { run: "early late" }, { run: "fail" }];
  const runs = { module: "run.ts", commands: { "": staged } };
  await withTiny(arch, { ...change, warmUp: runs }, async (dist, root) => {
    for (const [name, text] of Object.entries(STAGED)) {
      await Deno.writeTextFile(join(root, "tiny", name), text);
    }
    await build(root, nothing);
    const program = join(dist, "tiny");
    const said = async (path: string, args: string) => {
      const { stdout, stderr } = await run(path, args.split(" "));
      return stdout + stderr;
    };
    assert.equal(await said(program, "early state"), "early whole 1\nused\n");
    assert.equal(await said(program, "late early state"), "late 1 inner 7\nearly whole 2\nused\n");
    assert.equal(await said(program, "again late state"), "late 1 inner 7\nlate 2 inner 7\nused\n");
    assert.equal(
      await said(program, "cold late"),
      "cold whole 1 -1 late 2 inner 7 late 3 inner 7 4\nlate 5 inner 7\n",
    );
    assert.equal(await said(program, "early fail"), "early whole 1\nError: late failed\n");

    const whole = Buffer.from(await Deno.readFile(program));
    const { at, id, commands } = attachmentOf(whole);
    const [where, length] = commands[""]!.beyond;
    const { later } = JSON.parse(whole.subarray(at + where, at + where + length).toString()) as {
      later: { part: StagePart; names: string[] }[];
    };
    assert.equal(later.length, 1, "the third and the fourth run load nothing new");
    const [start, cache, text] = later[0]!.part;
    assert.ok(cache > 0);
    assert.match(
      whole.subarray(at + start + cache, at + start + cache + text).toString(),
      /late failed/,
    );
    const broken = join(dist, "broken");
    const damaged = async (from: number, args: string) => {
      const copy = Buffer.from(whole);
      copy.writeUInt32LE(copy.readUInt32LE(from) ^ 0xff, from);
      await Deno.writeFile(broken, copy, { mode: 0o755 });
      return await said(broken, args);
    };
    assert.equal(
      await damaged(at + start + 4, "early state late state"),
      "early whole 1\nused\nlate 2 inner 7\nrefused\n",
    );
    assert.equal(
      await damaged(at + start + cache + id.length - 4, "early late"),
      `early whole 1\nError: cannot read a part of the program in ${broken}: the file was replaced meanwhile [KUMA-HOST-022]\n`,
    );
  });
});

test("a program that runs on foreign nodes takes bytecode that this machine's runtime made", async () => {
  await withTiny(arch, { ...change, hostRuntime: true }, async (dist) => {
    const program = join(dist, "tiny");
    const bytes = await Deno.readFile(program);
    // As the installer does it on a node: the interpreter is the one beside the program.
    rewriteInterpreter(bytes, dist);
    await Deno.remove(program);
    await Deno.writeFile(program, bytes, { mode: 0o755 });
    assert.deepEqual(await run(program, ["cache"]), { code: 0, stdout: "used\n", stderr: "" });
    assert.deepEqual(await run(program, ["lazy"]), { code: 0, stdout: "LAZILY\n", stderr: "" });
  });
});

type Part = [at: number, length: number];
type StagePart = [at: number, cache: number, text: number];

interface Layout {
  at: number;
  id: string;
  commands: Record<string, { first: StagePart; beyond: Part }>;
  modules: Part;
}

/** What the program's main module has been told. */
function attachmentOf(program: Buffer): Layout {
  const text = program.subarray(program.lastIndexOf('{\\"at\\":'));
  const end = text.indexOf('")');
  return JSON.parse(JSON.parse(`"${text.subarray(0, end).toString()}"`)) as Layout;
}
