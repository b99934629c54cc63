/**
 * Builds the Go programs that tests need, once, into a cache outside the checkout.
 *
 * @module
 */
import { run, which } from "./processes.ts";

/** One Go module of ours and what to make of it. */
export interface GoBuild {
  /** What is built, for people: `kube-apiserver v1.34.4`. */
  what: string;
  /** The module's folder. */
  moduleDir: string;
  /** Packages of the module, such as `./etcd`; each gives a program named after its last element. */
  packages: string[];
  /** The cache folder below `kuma-node-tooling/`, such as `kube/v1.34.4`. */
  cachePath: string;
  /** `-X` settings for the linker: `import/path.variable=value`. */
  variables?: string[];
  /** What a person can do instead of installing Go, one sentence. */
  otherwise?: string;
}

/** `kuma-node-tooling` below `XDG_CACHE_HOME` or `~/.cache`. */
export function cacheDir(): string {
  const xdg = Deno.env.get("XDG_CACHE_HOME");
  if (xdg !== undefined && xdg.startsWith("/")) return `${xdg}/kuma-node-tooling`;
  return `${Deno.env.get("HOME") ?? "/root"}/.cache/kuma-node-tooling`;
}

/**
 * Returns the folder that holds the built programs. The folder's name ends in a digest of the module's
 * sources, so a changed module is built anew. Two processes that ask at once build once: the second
 * waits. Throws an `Error` that says what to install when there is no Go, or what the compiler said.
 */
export async function buildOnce(build: GoBuild): Promise<string> {
  const target = `${cacheDir()}/${build.cachePath}-${await digest(build)}`;
  if (await isDirectory(target)) return target;
  const parent = target.slice(0, target.lastIndexOf("/"));
  await Deno.mkdir(parent, { recursive: true });
  using lock = await Deno.open(`${target}.lock`, { create: true, write: true });
  await lock.lock(true); // freed when the file is closed, also by the kernel at our death
  if (await isDirectory(target)) return target;
  const staging = await Deno.makeTempDir({ dir: parent, prefix: ".building-" });
  try {
    await compile(build, staging);
    await Deno.chmod(staging, 0o755);
    await Deno.rename(staging, target);
  } catch (error) {
    await Deno.remove(staging, { recursive: true });
    throw error;
  }
  return target;
}

async function compile(build: GoBuild, outputDir: string): Promise<void> {
  if (which("go") === undefined) {
    const otherwise = build.otherwise === undefined ? "" : `, or ${build.otherwise}`;
    throw new Error(
      `Cannot build ${build.what}: there is no "go" on PATH; install Go 1.24 or newer${otherwise}`,
    );
  }
  const flags = ["-s", "-w", ...(build.variables ?? []).flatMap((setting) => ["-X", setting])];
  const started = performance.now();
  const say = () => {
    const seconds = Math.round((performance.now() - started) / 1000);
    Deno.stderr.writeSync(new TextEncoder().encode(`building ${build.what}: ${seconds} s\n`));
  };
  say();
  const timer = setInterval(say, 15_000);
  try {
    // The linker leaves debug information out in any case: to make none saves the compiler an eighth of its time.
    const compiler = "-gcflags=all=-dwarf=false";
    const args = ["build", "-trimpath", "-buildvcs=false", compiler, "-ldflags", flags.join(" ")];
    const done = await run("go", [...args, "-o", `${outputDir}/`, ...build.packages], {
      cwd: build.moduleDir,
      env: { CGO_ENABLED: "0", GOWORK: "off" },
    });
    if (done.code !== 0) {
      throw new Error(
        `Cannot build ${build.what}: go build ended with ${done.code}: ${done.stderr}`,
      );
    }
    say();
  } finally {
    clearInterval(timer);
  }
}

/** Twelve hex digits over everything that goes into the programs but the compiler. */
async function digest(build: GoBuild): Promise<string> {
  const parts = [JSON.stringify([build.packages, build.variables ?? []])];
  for (const file of await sources(build.moduleDir)) {
    parts.push(file, await Deno.readTextFile(`${build.moduleDir}/${file}`));
  }
  const bytes = new TextEncoder().encode(parts.join("\0"));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return hash.toHex().slice(0, 12);
}

/** The module's files below `dir`, sorted, relative to it. */
async function sources(dir: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(`${dir}/${below}`)) {
    if (entry.isDirectory) found.push(...await sources(dir, `${below}${entry.name}/`));
    else if (/\.go$|^go\.(mod|sum)$/.test(entry.name)) found.push(`${below}${entry.name}`);
  }
  return found.sort();
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
