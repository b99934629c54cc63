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
import type { SharedValues } from "core/program/attached.ts";
import type { Bundle } from "../bundle.ts";

/** A bundle that can be cut. */
export interface Uncut {
  /** Where its files lie. */
  readonly dir: string;
  /** The module that exports `run`, and `end` where it ends the process itself. */
  readonly main: string;
  /** Each module as a script by itself: a function `(require, module, exports)`, ASCII. In the order of names. */
  readonly scripts: ReadonlyMap<string, string>;
}

/** Several modules in one such function, with the main module. */
export interface FirstText {
  readonly text: string;
  readonly shared: SharedValues;
}

/** Several modules in one such function. */
export interface LaterText {
  readonly text: string;
  /** Those that others ask for. */
  readonly names: readonly string[];
}

/** What comes of it for one command. */
export interface Cut {
  readonly first: FirstText;
  readonly later: readonly LaterText[];
  /** The names of all others. */
  readonly others: readonly string[];
}

// A script has no address of its own, either.
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

// Bundlers make a `require` for modules of CommonJS by Node's createRequire, at each start. A script has its own.
const CREATED_REQUIRE = /= ?[\w$]+\(import\.meta\.url\)/;

/** Of no module of a bundle. */
const MODULES = "@modules.js";

/**
 * Writes a bundle to the folder `dir`, to be cut.
 *
 * @param modules what each first stage also has: its text exports `load`
 *
 * @throws {KumaError} `KUMA-BUILD-001` what the bundler says
 */
export function writeUncut(dir: string, { files, main }: Bundle, modules: string): Promise<Uncut> {
  return told(async () => {
    const scripts = new Map<string, string>();
    await Deno.writeTextFile(join(dir, MODULES), modules);
    for (const [name, given] of [...files].toSorted(([a], [b]) => a < b ? -1 : 1)) {
      const text = given.replace(CREATED_REQUIRE, "=(name)=>require(name)");
      await Deno.writeTextFile(join(dir, name), text);
      scripts.set(`./${name}`, wrapped((await esbuild.transform(text, SHARED)).code));
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
    const first = new Set([uncut.main, ...runs[0] ?? []]);
    const groups = [first];
    for (const loaded of runs.slice(1)) {
      const fresh = loaded.filter((name) => !groups.some((group) => group.has(name)));
      if (fresh.length > 0) groups.push(new Set(fresh));
    }
    const later: LaterText[] = [];
    for (const group of groups.slice(1)) later.push(await laterStage(uncut, group));
    const others = [...uncut.scripts.keys()].filter((name) =>
      !groups.some((group) => group.has(name))
    );
    return { first: await firstStage(uncut, first), later, others };
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

async function firstStage(uncut: Uncut, group: ReadonlySet<string>): Promise<FirstText> {
  const shared: Record<string, Record<string, number>> = {};
  let count = 0;
  for (const [name, exports] of await exportsOf(uncut.dir, askedFor(uncut, group))) {
    shared[name] = Object.fromEntries(exports.map((exported) => [exported, count++]));
  }
  const atOnce = (text: string) => withoutLazyImports(text, group);
  return { text: await bundled(uncut, group, firstEntry(uncut.main, shared), atOnce), shared };
}

async function laterStage(uncut: Uncut, group: ReadonlySet<string>): Promise<LaterText> {
  const names = askedFor(uncut, group);
  return { text: await bundled(uncut, group, laterEntry(names)), names };
}

/** Those of `group` that modules outside ask for. */
function askedFor({ scripts }: Uncut, group: ReadonlySet<string>): string[] {
  const outside = [...scripts].filter(([name]) => !group.has(name)).map(([, code]) => code);
  return [...group].toSorted().filter((name) =>
    outside.some((code) => code.includes(`require(${JSON.stringify(name)})`))
  );
}

/**
 * A module's text that has the modules of its stage from the beginning: the runs that the stage is for need them all. A
 * bundler keeps each module that may come later, and all that it imports, in functions of their own, at whose start the
 * module's values are made one by one: without, a start takes 0.3 ms less.
 */
function withoutLazyImports(text: string, group: ReadonlySet<string>): string {
  const names: string[] = [];
  const body = text.replace(/\bimport\("(\.\/[^"]+)"\)/g, (lazy, name: string) => {
    if (!group.has(name)) return lazy;
    if (!names.includes(name)) names.push(name);
    return `Promise.resolve().then(() => $stage${names.indexOf(name)})`;
  });
  const imports = names.map((name, at) => `import * as $stage${at} from ${JSON.stringify(name)};`);
  return [...imports, body].join("\n");
}

async function bundled(
  { dir, scripts }: Uncut,
  group: ReadonlySet<string>,
  contents: string,
  change: (text: string) => string = (text) => text,
): Promise<string> {
  const changed: esbuild.Plugin = {
    name: "changed",
    setup: (build) =>
      build.onLoad({ filter: /\.js$/ }, async ({ path }) => ({
        contents: change(await Deno.readTextFile(path)),
        loader: "js",
      })),
  };
  const { outputFiles } = await esbuild.build({
    ...SHARED,
    stdin: { contents, resolveDir: dir, loader: "js" },
    bundle: true,
    write: false,
    plugins: [changed],
    external: [...scripts.keys()].filter((name) => !group.has(name)),
  });
  return wrapped(outputFiles[0]?.text ?? "");
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
 * The module that the first stage begins with. What the others need of it is given by a number, when they need it: some of
 * it gets its value late. One function, and not one for each, since V8 then has one to read at each start.
 */
function firstEntry(main: string, shared: SharedValues): string {
  const imports: string[] = [], cases: string[] = [];
  for (const [name, numbers] of Object.entries(shared)) {
    const list = Object.entries(numbers).map(([exported, at]) => `${exported} as shared${at}`);
    imports.push(`import {${list.join(", ")}} from ${JSON.stringify(name)};`);
    for (const at of Object.values(numbers)) cases.push(`case ${at}: return shared${at};`);
  }
  const own = `export * from ${JSON.stringify(main)};`;
  const value = ["export function value(at) {", "switch (at) {", ...cases, "}", "}"];
  // In front: the modules behind it may ask for others while they start.
  const load = `export { load } from ${JSON.stringify(`./${MODULES}`)};`;
  return [load, ...imports, own, ...value, ""].join("\n");
}

/** The module that a later stage begins with: each of its modules runs when it is asked for. */
function laterEntry(names: readonly string[]): string {
  const cases = names.map((name) => JSON.stringify(name)).map((at) =>
    `case ${at}: return require(${at});`
  );
  return ["export function moduleOf(name) {", "switch (name) {", ...cases, "}", "}", ""].join("\n");
}
