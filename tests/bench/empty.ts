/**
 * The empty compiled program that the bench compares with: an empty module, compiled just as every
 * component is. What it costs is Deno's runtime itself.
 *
 * @module
 */
import { join } from "node:path";
import { build } from "build/build.ts";
import { hostArch } from "build/pins.ts";

/** Compiles the empty program into `dir` and gives the binary's path. */
export async function buildEmptyProgram(dir: string): Promise<string> {
  await Deno.mkdir(join(dir, "empty"), { recursive: true });
  const section = { binary: "empty", permissions: [], hostRuntime: false };
  await Deno.writeTextFile(join(dir, "deno.json"), JSON.stringify({ workspace: ["./empty"] }));
  await Deno.writeTextFile(join(dir, "empty", "deno.json"), JSON.stringify({ build: section }));
  await Deno.writeTextFile(join(dir, "empty", "main.ts"), "export {};\n");
  await build(dir, { names: [], arch: hostArch() });
  return join(dir, "dist", `linux-${hostArch()}`, "empty");
}
