/**
 * Gives a program V8's bytecode of its common commands (`core/program/attached.ts`): its text is cut in stages, its
 * commands are run, and text and bytecode are attached to the runtime that it is compiled with.
 *
 * @module
 */
import * as esbuild from "esbuild";
import { basename, join } from "node:path";
import type { Attachment } from "core/program/attached.ts";
import { KumaError } from "core/errors.ts";
import { bundle } from "../bundle.ts";
import type { Bundle } from "../bundle.ts";
import type { WarmUp } from "../components.ts";
import type { Denort } from "../denort.ts";
import { say, sha256 } from "../io.ts";
import { attach } from "./attach.ts";
import { cutInStages, writeUncut } from "./stages.ts";
import type { Cut } from "./stages.ts";
import { warmUp } from "./warm_up.ts";
import type { Warm } from "./warm_up.ts";

/** The small programs that start what is attached: for good, and to record. */
export interface Starters extends WarmUp {
  readonly main: string;
  readonly recorder: string;
  /** What gives the modules that are in no first stage; part of each first stage. */
  readonly modules: string;
  /** Changes with each of them, and with what is to be recorded. */
  readonly key: string;
}

/** What to compile in the place of the plain bundle, and with what. */
export interface WithCodeCache {
  readonly made: Bundle;
  readonly denort: Denort;
}

/** How a program is compiled; the build's own way, with any permission. */
export type CompileAny = (made: Bundle, denort: Denort, output: string) => Promise<void>;

/** Bundles both, for what is to be recorded. */
export async function bundleStarters(
  root: string,
  { module, commands }: WarmUp,
  work: string,
): Promise<Starters> {
  const text = async (path: string) => {
    const { files, main } = await bundle(root, join(root, path), join(work, basename(path)), true);
    if (files.size === 1) return files.get(main) ?? "";
    throw new KumaError("KUMA-BUILD-005", `Cannot bundle ${path} into a single file`);
  };
  const [main, recorder, modules] = [
    await eager(await text("build/code_cache/main.ts")),
    await text("build/code_cache/recorder.ts"),
    await text("core/program/attached_modules.ts"),
  ];
  const parts = [main, recorder, modules, commands, esbuild.version, await ownTexts(root)];
  return { module, commands, main, recorder, modules, key: sha256(JSON.stringify(parts)) };
}

/**
 * Brackets make V8 compile functions with the script. Of the starter nearly all run at each start, and there is no bytecode
 * of it: one by one they cost 0.2 ms more.
 */
async function eager(text: string): Promise<string> {
  try {
    // As the bundler writes it by itself, a function of the module begins and ends at the start of a line.
    const { code } = await esbuild.transform(text);
    return code.replace(/^(async )?function ([\w$]+)(\([^]*?^\})$/gm, "var $2 = ($1function$3);");
  } finally {
    await esbuild.stop();
  }
}

/** How a program is cut and recorded is in no bundle, and changes what comes out as much. */
function ownTexts(root: string): Promise<string[]> {
  const names = ["attach.ts", "code_cache.ts", "own_run.ts", "stages.ts", "warm_up.ts"];
  return Promise.all(
    names.map((name) => Deno.readTextFile(join(root, "build", "code_cache", name))),
  );
}

/**
 * Makes it.
 *
 * @param made the plain bundle; its main module exports `run`
 * @param runtimes what the program gets, and what starts on this machine for the recording; V8 is the same in both
 * @param work an empty folder, which may be removed when the result is compiled
 * @throws {KumaError} `KUMA-BUILD-001` where nothing can be recorded; a command that fails is said, and left out
 */
export async function withCodeCache(
  made: Bundle,
  starters: Starters,
  runtimes: { readonly denort: Denort; readonly local: Denort },
  work: string,
  compileAny: CompileAny,
): Promise<WithCodeCache> {
  const dir = join(work, "text");
  await Deno.mkdir(dir);
  const uncut = await writeUncut(dir, made, starters.modules);
  const attachTo = (
    denort: Denort,
    path: string,
    cuts: ReadonlyMap<string, Cut>,
    warm?: ReadonlyMap<string, Warm>,
  ) => {
    const stages = [...cuts].map(([command, { first, later }]) =>
      [command, { first, later, caches: warm?.get(command)?.caches }] as const
    );
    const alone = new Set([...cuts.values()].flatMap(({ others }) => others));
    const texts = [...uncut.scripts].filter(([name]) => alone.has(name));
    return attach(denort, new Map(stages), new Map(texts), path);
  };
  const record = async (cuts: ReadonlyMap<string, Cut>, round: string) => {
    const out = join(work, round);
    await Deno.mkdir(out);
    const { denort, attachment } = await attachTo(runtimes.local, join(out, "runtime"), cuts);
    const recorder = join(out, "recorder");
    await compileAny(starter(starters.recorder, attachment), denort, recorder);
    const warm = await warmUp(recorder, starters.commands, out);
    // 200 MB.
    await Deno.remove(out, { recursive: true });
    return warm;
  };

  // First each module by itself, to see which ones a run needs.
  const cuts = new Map<string, Cut>();
  for (
    const [command, { loaded }] of await record(
      new Map([["", await cutInStages(uncut, [[]])]]),
      "first",
    )
  ) {
    cuts.set(command, await cutInStages(uncut, loaded));
  }
  const warm = await record(cuts, "second");
  for (const why of [...warm.values()].flatMap(({ missing }) => missing)) {
    say(`not in the code cache: ${why}`);
  }
  const { denort, attachment } = await attachTo(runtimes.denort, join(work, "runtime"), cuts, warm);
  return { made: starter(starters.main, attachment), denort };
}

/** A starter as a bundle, told where what is attached lies. */
function starter(text: string, attachment: Attachment): Bundle {
  const json = JSON.stringify(JSON.stringify(attachment)).slice(1, -1);
  return {
    files: new Map([["main.js", text.replace("@@ATTACHMENT@@", () => json)]]),
    main: "main.js",
  };
}
