/**
 * Turns a program and all that it imports into a few plain JavaScript files, so that the binary carries
 * and loads only what it uses. `import()` stays lazy: what it reaches becomes a file of its own that is
 * read only then (measured: a command of a program with a large lazy part starts in half the time).
 *
 * @module
 */
import { dirname, join, relative } from "node:path";
import { KumaError } from "core/errors.ts";
import { runOk } from "./io.ts";

/** A bundle: its files by name, and which one is the main module. */
export interface Bundle {
  files: Map<string, string>;
  main: string;
}

/**
 * Bundles the program at `entry` of the checkout at `root`; the bundler writes into `outDir`. Same sources
 * on the same machine give the same text. `minify` shortens names and drops white space.
 *
 * @throws {KumaError} `KUMA-BUILD-001` when the bundler fails, `KUMA-BUILD-005` when it gives no main module
 */
export async function bundle(
  root: string,
  entry: string,
  outDir: string,
  minify = false,
): Promise<Bundle> {
  const plain = minify ? join(outDir, "plain") : outDir;
  const main = entry.slice(dirname(entry).length + 1).replace(/\.[^.]+$/, ".js");
  await runBundler(root, relative(root, entry), plain, minify ? [] : ["--keep-names"]);
  // In a second run: in the first the bundler does not see its own `require` for CommonJS any more. It runs in the
  // folder of its input: names of files hold a hash of the path from there, and outDir may be any.
  if (minify) await runBundler(plain, main, outDir, ["--minify"]);
  const npmCache = `${relative(root, npmCacheDir ??= await findNpmCache(root))}/`;
  const files = new Map<string, string>();
  for await (const file of Deno.readDir(outDir)) {
    if (!file.name.endsWith(".js")) continue;
    const text = await Deno.readTextFile(join(outDir, file.name));
    files.set(file.name, withNodeDefault(withoutCachePath(text, npmCache)));
  }
  if (!files.has(main)) {
    throw new KumaError("KUMA-BUILD-005", `Cannot bundle ${entry}: the bundler wrote no ${main}`);
  }
  return { files, main };
}

async function runBundler(
  root: string,
  entry: string,
  outDir: string,
  flags: string[],
): Promise<void> {
  const args = ["bundle", "--quiet", "--code-splitting", ...flags, "--outdir", outDir, entry];
  await runOk(Deno.execPath(), args, { cwd: root });
}

/**
 * The bundler names CommonJS modules by their path in this machine's npm cache; the program needs only
 * that the names differ, and its reader only the package: `npm:yaml/2.9.0/dist/index.js`.
 */
export function withoutCachePath(text: string, npmCache: string): string {
  return text.split(npmCache).map((part, index) => index === 0 ? part : afterHost(part)).join("");
}

/**
 * tslib's module for Node imports its CommonJS form as default, which in Node is the whole `exports`; the
 * bundler takes it for a default export that tslib does not have, and the program ends when it starts.
 * The second argument of the bundler's own helper is what it should have said.
 */
export function withNodeDefault(text: string): string {
  return text.replace(/= __toESM\((require_tslib\d*)\(\)\)/g, "= __toESM($1(), 1)");
}

function afterHost(part: string): string {
  return "npm:" + part.slice(part.indexOf("/") + 1);
}

let npmCacheDir: string | undefined;

async function findNpmCache(root: string): Promise<string> {
  const info = JSON.parse(await runOk(Deno.execPath(), ["info", "--json"], { cwd: root })) as {
    npmCache?: unknown;
  };
  if (typeof info.npmCache === "string") return info.npmCache;
  throw new KumaError("KUMA-BUILD-005", "Cannot find Deno's npm cache: deno info does not name it");
}
