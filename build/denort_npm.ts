/**
 * The runtime out of an npm package. Deno's own npm client fetches it, so the registry, proxy,
 * credentials and certificate store that the person has configured for npm packages hold here too. A lock file
 * written for the purpose pins the tarball's sha512, which that client checks before it unpacks anything.
 *
 * @module
 */
import { join } from "node:path";
import { errorText, KumaError } from "core/errors.ts";
import { exists, runOk, sha256, withTempDir } from "./io.ts";
import { peel } from "./peel.ts";
import { TARGETS } from "./pins.ts";
import type { Arch, Target } from "./pins.ts";

/**
 * Fetches the pinned package for `arch` and gives the runtime in it.
 *
 * @throws {KumaError} `KUMA-BUILD-003` when it cannot be fetched, or is not the pinned one to the last bit
 */
export async function denortFromNpm(arch: Arch): Promise<Uint8Array> {
  const target = TARGETS[arch];
  try {
    return checked(target, await withTempDir((dir) => fetchProgram(dir, target)));
  } catch (cause) {
    if (cause instanceof KumaError && cause.code === "KUMA-BUILD-003") throw cause;
    const { name, version } = target.npm;
    throw new KumaError(
      "KUMA-BUILD-003",
      `Cannot get denort from npm package ${name}@${version}: ${errorText(cause)}`,
      { cause, hint: "set DENORT_BIN to the denort of the pinned Deno release" },
    );
  }
}

/** The runtime in a program, if it is the pinned one; exported for its test. */
export function checked(target: Pick<Target, "denort">, program: Uint8Array): Uint8Array {
  const denort = peel(program);
  const sum = sha256(denort);
  if (denort.length === target.denort.size && sum === target.denort.sha256) return denort.slice();
  throw new KumaError(
    "KUMA-BUILD-003",
    `Refused the denort from npm: sha256 ${sum} of ${denort.length} bytes, pinned is ${target.denort.sha256}`,
    { hint: "set DENORT_BIN to the denort of the pinned Deno release" },
  );
}

/** Text of the deno.json and of the lock file that pin the package; exported for its test. */
export function pinFiles({ npm }: Pick<Target, "npm">): { config: string; lock: string } {
  const exact = `${npm.name}@${npm.version}`;
  const config = { imports: { runtime: `npm:${exact}` }, nodeModulesDir: "none" };
  const lock = {
    version: "5",
    specifiers: { [`npm:${exact}`]: npm.version },
    npm: { [exact]: { integrity: npm.integrity } },
    workspace: { dependencies: [`npm:${exact}`] },
  };
  return { config: JSON.stringify(config), lock: JSON.stringify(lock) };
}

/** Has Deno unpack the package into a cache of its own, so that the integrity is checked this very time. */
async function fetchProgram(dir: string, target: Target): Promise<Uint8Array> {
  const { config, lock } = pinFiles(target);
  const cache = join(dir, "cache");
  await Deno.writeTextFile(join(dir, "deno.json"), config);
  await Deno.writeTextFile(join(dir, "deno.lock"), lock);
  await runOk(Deno.execPath(), ["install", "--quiet", "--frozen"], {
    cwd: dir,
    env: { DENO_DIR: cache },
  });
  const { name, version, file } = target.npm;
  return await readBelow(join(cache, "npm"), join(name, version, file));
}

/** Reads `relative` from whichever folder below `dir` has it: the registry's host and path come between. */
async function readBelow(dir: string, relative: string): Promise<Uint8Array> {
  const wave = [dir];
  for (let folder = wave.shift(); folder !== undefined; folder = wave.shift()) {
    const path = join(folder, relative);
    if (await exists(path)) return await Deno.readFile(path);
    for await (const entry of Deno.readDir(folder)) {
      if (entry.isDirectory && !entry.name.startsWith("@")) wave.push(join(folder, entry.name));
    }
  }
  throw new Error(`${relative} is not in the package`);
}
