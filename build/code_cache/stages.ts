/**
 * Cuts a bundle as an attached program has it (`core/program/attached.ts`): for a command some stages, each a script of
 * modules that its recorded runs load, with one scope for all of them, and the other modules by themselves.
 *
 * Modules have the names that `require` is asked for: `./chunk-AB12.js`.
 *
 * @module
 */
import * as esbuild from "esbuild";
import { errorText, KumaError } from "core/errors.ts";
import { basename, join } from "node:path";

/** A bundle that can be cut. */
export interface Uncut {
  /** Where its files lie. */
  readonly dir: string;
  /** The module that exports `run`. */
  readonly main: string;
  /** Each module as a script by itself: a function `(require, module, exports)`, ASCII. In the order of names. */
  readonly scripts: ReadonlyMap<string, string>;
}

/** A script of several modules, as such a function. */
export interface StageText {
  readonly text: string;
  /** Its modules that others ask for. */
  readonly names: readonly string[];
}

/** What comes of it for one command. */
export interface Cut {
  /** The main module is in the first. */
  readonly stages: readonly StageText[];
  /** The names of all others. */
  readonly others: readonly string[];
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
 * Reads the bundle whose files lie in `dir`.
 *
 * @param files names of its files
 * @param main the file that exports `run`
 * @throws {KumaError} `KUMA-BUILD-001` what the bundler says
 */
export function readUncut(dir: string, files: readonly string[], main: string): Promise<Uncut> {
  return told(async () => {
    const scripts = new Map<string, string>();
    for (const name of files.toSorted()) {
      const { code } = await esbuild.transform(await Deno.readTextFile(join(dir, name)), SHARED);
      scripts.set(`./${name}`, wrapped(code));
    }
    return { dir, main: `./${main}`, scripts };
  });
}

/**
 * Cuts it for one command.
 *
 * @param runs names of the modules that each of its runs needs, in the order of the runs; each run gets a stage of what
 * those before do not have, if that is any
 * @throws {KumaError} `KUMA-BUILD-001` what the bundler says
 */
export function cutInStages(uncut: Uncut, runs: readonly (readonly string[])[]): Promise<Cut> {
  return told(async () => {
    const groups: Set<string>[] = [];
    for (const [index, loaded] of runs.entries()) {
      const fresh = loaded.filter((name) => !groups.some((group) => group.has(name)));
      const group = new Set(index === 0 ? [uncut.main, ...fresh] : fresh);
      if (group.size > 0) groups.push(group);
    }
    const stages: StageText[] = [];
    for (const group of groups) stages.push(await stageOf(uncut, group));
    const others = [...uncut.scripts.keys()].filter((name) =>
      !groups.some((group) => group.has(name))
    );
    return { stages, others };
  });
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new KumaError("KUMA-BUILD-001", `Cannot cut the bundle: ${errorText(cause)}`, { cause });
  } finally {
    await esbuild.stop();
  }
}

async function stageOf(uncut: Uncut, group: ReadonlySet<string>): Promise<StageText> {
  const { dir, main, scripts } = uncut;
  const outside = [...scripts.keys()].filter((name) => !group.has(name));
  const names = [...group].toSorted().filter((name) =>
    outside.some((other) => scripts.get(other)?.includes(`require(${JSON.stringify(name)})`))
  );
  const contents = group.has(main)
    ? firstEntry(main, await exportsOf(dir, names))
    : laterEntry(names);
  const made = await esbuild.build({
    ...SHARED,
    stdin: { contents, resolveDir: dir, loader: "js" },
    bundle: true,
    write: false,
    external: outside,
  });
  return { text: wrapped(made.outputFiles[0]?.text ?? ""), names };
}

/** Brackets make V8 compile the function with the script, not when it is called a moment later. */
function wrapped(code: string): string {
  return `(function(require,module,exports){${code.trim()}\n})`;
}

/** The exported names of each module, in order. */
async function exportsOf(dir: string, names: readonly string[]): Promise<Map<string, string[]>> {
  const { metafile } = await esbuild.build({
    entryPoints: names.map((name) => join(dir, name)),
    format: "esm",
    metafile: true,
    write: false,
    outdir: dir,
    logLevel: "silent",
  });
  return new Map(
    Object.values(metafile.outputs).map(({ entryPoint, exports }) => [
      `./${basename(entryPoint ?? "")}`,
      exports,
    ]),
  );
}

/**
 * The module that the first stage begins with. What the others need of it is given by getters, as modules do: some of it
 * gets its value late.
 */
function firstEntry(main: string, shared: ReadonlyMap<string, readonly string[]>): string {
  const imports: string[] = [], cases: string[] = [];
  let count = 0;
  for (const [name, names] of shared) {
    const at = JSON.stringify(name);
    const locals = names.map((exported) => [exported, `shared${count++}`] as const);
    const list = locals.map(([exported, local]) => `${exported} as ${local}`).join(", ");
    imports.push(`import {${list}} from ${at};`);
    const getters = locals.map(([exported, local]) => `get ${exported}() { return ${local}; }`);
    cases.push(`case ${at}: return {${getters.join(", ")}};`);
  }
  return [
    ...imports,
    `export { run } from ${JSON.stringify(main)};`,
    ...moduleFunction(cases),
  ].join("\n");
}

/** The module that a later stage begins with: each of its modules runs when it is asked for. */
function laterEntry(names: readonly string[]): string {
  const ats = names.map((name) => JSON.stringify(name));
  return moduleFunction(ats.map((at) => `case ${at}: return require(${at});`)).join("\n");
}

/** One function, and not one for each module: what a start does not call is but one thing to V8. */
function moduleFunction(cases: readonly string[]): string[] {
  return ["export function moduleOf(name) {", "switch (name) {", ...cases, "}", "}", ""];
}
