/**
 * Cuts a bundle into the two halves of an attached program (`core/program/attached.ts`): one script of the modules that
 * common commands need, with one scope for all of them, and the other modules by themselves.
 *
 * @module
 */
import * as esbuild from "esbuild";
import { errorText, KumaError } from "core/errors.ts";
import { basename, join } from "node:path";

/** Both halves as texts of functions `(require, module, exports)`, ASCII. */
export interface Halves {
  readonly common: string;
  /** By name as `require` is asked for it: `./chunk-AB12.js`. */
  readonly others: ReadonlyMap<string, string>;
}

// What bundlers write for Node's createRequire asks for the module's own address; a script has none.
const ADDRESS = { "import.meta.url": JSON.stringify("file:///program.js") };
const SHARED = {
  platform: "node",
  format: "cjs",
  minify: true,
  charset: "ascii",
  define: ADDRESS,
  logLevel: "silent",
  supported: { "dynamic-import": false },
} as const;

/**
 * Cuts the bundle whose files lie in `dir`.
 *
 * @param files names of its files
 * @param main the file that exports `run`
 * @param hot those that belong to the common half
 * @throws {KumaError} `KUMA-BUILD-001` what the bundler says
 */
export async function cutInHalves(
  dir: string,
  files: readonly string[],
  main: string,
  hot: ReadonlySet<string>,
): Promise<Halves> {
  try {
    const cold = files.filter((name) => !hot.has(name)).toSorted();
    const others = new Map<string, string>();
    for (const name of cold) {
      const { code } = await esbuild.transform(await Deno.readTextFile(join(dir, name)), SHARED);
      others.set(`./${name}`, wrapped(code));
    }
    const shared = await exportsOf(dir, [...hot].filter((name) => isAskedFor(name, others)));
    const made = await esbuild.build({
      ...SHARED,
      stdin: { contents: entryText(main, shared), resolveDir: dir, loader: "js" },
      bundle: true,
      write: false,
      external: cold.map((name) => `./${name}`),
    });
    return { common: wrapped(made.outputFiles[0]?.text ?? ""), others };
  } catch (cause) {
    throw new KumaError("KUMA-BUILD-001", `Cannot cut the bundle: ${errorText(cause)}`, { cause });
  } finally {
    await esbuild.stop();
  }
}

/** Brackets make V8 compile the function with the script, not when it is called a moment later. */
function wrapped(code: string): string {
  return `(function(require,module,exports){${code.trim()}\n})`;
}

function isAskedFor(name: string, others: ReadonlyMap<string, string>): boolean {
  return [...others.values()].some((code) => code.includes(`require("./${name}")`));
}

/** The exported names of each file, in order. */
async function exportsOf(dir: string, names: string[]): Promise<Map<string, string[]>> {
  const { metafile } = await esbuild.build({
    entryPoints: names.toSorted().map((name) => join(dir, name)),
    format: "esm",
    metafile: true,
    write: false,
    outdir: dir,
    logLevel: "silent",
  });
  return new Map(
    Object.values(metafile.outputs).map(({ entryPoint, exports }) => [
      basename(entryPoint ?? ""),
      exports,
    ]),
  );
}

/**
 * The module that the common half begins with. What the others need of it is given by getters, as modules do: some of it
 * gets its value late.
 */
function entryText(main: string, shared: ReadonlyMap<string, readonly string[]>): string {
  const imports: string[] = [], modules: string[] = [];
  let count = 0;
  for (const [name, names] of shared) {
    const at = JSON.stringify(`./${name}`);
    const locals = names.map((exported) => [exported, `shared${count++}`] as const);
    const list = locals.map(([exported, local]) => `${exported} as ${local}`).join(", ");
    imports.push(`import {${list}} from ${at};`);
    const getters = locals.map(([exported, local]) => `get ${exported}() { return ${local}; }`);
    modules.push(`${at}: () => ({${getters.join(", ")}}),`);
  }
  const run = `export { run } from ${JSON.stringify(`./${main}`)};`;
  return [...imports, run, "export const modules = {", ...modules, "};", ""].join("\n");
}
