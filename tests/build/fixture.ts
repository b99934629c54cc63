/**
 * A checkout of one tiny program, for the tests of the build: it imports an npm package lazily, has no
 * permission but to read /etc, and can run on foreign nodes.
 *
 * @module
 */
import { join } from "node:path";
import { build } from "build/build.ts";
import type { Arch } from "build/pins.ts";
import { withTempDir } from "build/io.ts";
import { ROOT } from "build/task.ts";

const MAIN = `
import { run } from "./run.ts";
Deno.exit(await run([...Deno.args]));
`;

const RUN = `
class OddName extends Error { override name = OddName.name; }
export async function run([verb, path = ""]: string[]): Promise<number> {
  if (verb === "lazy") {
    const { shout } = await import("./lazy.ts");
    console.log(shout());
  } else if (verb === "read") {
    try {
      Deno.readTextFileSync(path);
      console.log("read");
    } catch (error) {
      console.log(error instanceof Error ? error.name : "?");
    }
  } else if (verb === "key") {
    const key = await crypto.subtle.generateKey("Ed25519", true, ["sign"]);
    console.log(key.privateKey.type);
  } else if (verb === "cache") {
    console.log((globalThis as Record<symbol, unknown>)[Symbol.for("kuma.code_cache")] ?? "none");
  } else {
    console.log("tiny", Deno.build.arch, new OddName("x").name);
  }
  return 0;
}
`;

const LAZY = `
import { Command } from "commander";
const shout = (): string => new Command("lazily").name().toUpperCase();
export { shout };
`;

const BUILD = {
  binary: "tiny",
  permissions: ["--allow-read=/etc"],
  hostRuntime: false,
};

/** Writes the checkout into `root`; `change` replaces keys of the program's build section. */
export async function writeTiny(root: string, change: Record<string, unknown> = {}): Promise<void> {
  const own = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as {
    imports: Record<string, string>;
  };
  const imports = { commander: own.imports["commander"] };
  await Deno.mkdir(join(root, "tiny"), { recursive: true });
  await writeJson(join(root, "deno.json"), {
    workspace: ["./tiny"],
    imports,
    nodeModulesDir: "none",
  });
  await writeJson(join(root, "tiny", "deno.json"), { build: { ...BUILD, ...change } });
  await Deno.writeTextFile(join(root, "tiny", "main.ts"), MAIN);
  await Deno.writeTextFile(join(root, "tiny", "run.ts"), RUN);
  await Deno.writeTextFile(join(root, "tiny", "lazy.ts"), LAZY);
}

/** Builds a fresh tiny checkout for `arch` and gives `use` its dist folder; all is removed afterwards. */
export async function withTiny<T>(
  arch: Arch,
  change: Record<string, unknown>,
  use: (dist: string, root: string) => Promise<T>,
): Promise<T> {
  return await withTempDir(async (root) => {
    await writeTiny(root, change);
    await build(root, { names: [], arch });
    return await use(join(root, "dist", `linux-${arch}`), root);
  });
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(value));
}
