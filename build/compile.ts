/**
 * From a component to its binary: bundle, decide whether anything changed, compile.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { ALWAYS } from "./components.ts";
import type { Component } from "./components.ts";
import { BPF_OBJECTS, compileBpf } from "./bpf.ts";
import { bundle } from "./bundle.ts";
import type { Bundle } from "./bundle.ts";
import type { Denort } from "./denort.ts";
import { compileFront } from "./front.ts";
import { patchedDenort, placeRuntime } from "./host_runtime.ts";
import { exists, placeFile, runOk, say, sha256, withTempDir } from "./io.ts";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { BPF_NEEDS, setUp } from "./setup.ts";
import { DENO_VERSION, hostArch, TARGETS } from "./pins.ts";
import { ROOT } from "./task.ts";
import { bundleStarters, withCodeCache } from "./code_cache/code_cache.ts";
import type { CompileAny, Starters } from "./code_cache/code_cache.ts";
import { warmUpIsRefused } from "./code_cache/warm_up.ts";
import type { Arch } from "./pins.ts";

/** Where a build takes place and for what. */
export interface BuildPlace {
  /** Absolute path of the checkout. */
  root: string;
  arch: Arch;
  denort: Denort;
  /** A name for builds that differ from the usual ones: they go to a folder of their own. */
  variant?: string;
  /** The commit that the program shall name as its origin; without it, it says that it is no release. */
  commit?: string;
}

/** What a build did. */
export interface Built {
  /** What is started: the compiled program, or the one in front of it. */
  path: string;
  /** The compiled program; the same but where there is a front. */
  program: string;
  /** Whether it was compiled or found up to date. */
  compiled: boolean;
}

/** The folder for the binaries of an architecture: `dist/linux-amd64`. */
export function distDir(root: string, arch: Arch, variant?: string): string {
  const folder = `linux-${arch}`;
  return variant === undefined
    ? join(root, "dist", folder)
    : join(root, "dist", ".build", variant, folder);
}

/**
 * Builds one component to `dist/linux-<arch>/<binary>`. Where bundle, runtime, flags and Deno's version
 * are those of the binary that is there, nothing is compiled.
 *
 * @throws {KumaError} `KUMA-BUILD-001` to `-006` from the steps; the old binary then stays as it was
 */
export function buildComponent(component: Component, place: BuildPlace): Promise<Built> {
  const stage = join(place.root, "dist", ".build");
  return withTempDir(async (work) => {
    const started = performance.now();
    const bundled = join(work, "bundler");
    const starters = await startersFor(component, place, join(work, "starters"));
    const entry = starters === undefined ? component.entry : starters.module;
    const made = await withBpf(withCommit(
      await bundle(place.root, entry, bundled, component.minify),
      place.commit,
    ));
    const dist = distDir(place.root, place.arch, place.variant);
    const path = join(dist, component.binary);
    const program = component.front === undefined
      ? path
      : join(dist, RUNTIME_FOLDER, component.binary);
    const denort = component.hostRuntime
      ? await patchedDenort(place.denort, place.arch)
      : place.denort;
    if (component.hostRuntime) {
      await placeRuntime(dist, place.denort.path, place.arch);
    }
    if (component.front !== undefined) {
      await placeFile(path, await compileFront(component.front, place.arch), 0o755);
    }
    const key = buildKey(component, place.arch, denort.sha256, made, starters?.key);
    const kind = `linux-${place.arch}${place.variant === undefined ? "" : `-${place.variant}`}`;
    const keyFile = join(stage, kind, `${component.binary}.json`);
    const name = `${kind}/${component.binary}`;
    if (await isCurrent(keyFile, key, program)) {
      say(`${name}: up to date`);
      return { path, program, compiled: false };
    }
    const flags = compileFlags(component, place.arch);
    if (starters === undefined) {
      await compile(made, denort, flags, join(work, "plain"), program);
    } else {
      // What records may do more than the program: V8 takes bytecode by its own flags alone.
      const any = compileFlags({ ...component, permissions: ["--allow-all"] }, place.arch);
      const record: CompileAny = (one, runtime, output) =>
        compile(one, runtime, any, `${output}.dir`, output);
      const cached = join(work, "cached");
      await Deno.mkdir(cached);
      const runtimes = { denort, local: place.denort };
      const ready = await withCodeCache(
        ...[made, starters, runtimes, cached, record] as const,
      );
      await compile(ready.made, ready.denort, flags, join(work, "plain"), program);
    }
    await Deno.mkdir(dirname(keyFile), { recursive: true });
    await Deno.writeTextFile(keyFile, JSON.stringify({ key, ...await stamp(program) }));
    const { size } = await Deno.stat(program);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`${name}: compiled in ${seconds} s, ${(size / 1e6).toFixed(1)} MB`);
    return { path, program, compiled: true };
  }, stage);
}

/** The flags of `deno compile` for a component: never `-A`, always {@linkcode ALWAYS}. */
export function compileFlags(component: Component, arch: Arch): string[] {
  const target = ["--target", TARGETS[arch].triple];
  const plain = ["--quiet", "--no-config", "--no-lock", "--no-check", "--no-remote"];
  return [...plain, ...target, ...ALWAYS, ...component.flags, ...component.permissions];
}

/**
 * Writes the BPF programs where `core/host/bpf/embedded.ts` keeps places for them; a program without these needs no
 * clang.
 *
 * @throws {KumaError} `KUMA-BUILD-001` what clang said, `-008` what to install where it is missing
 */
async function withBpf(made: Bundle): Promise<Bundle> {
  const places = BPF_OBJECTS.map((name) => [name, `@@BPF_${name.toUpperCase()}@@`] as const);
  const files = new Map(made.files);
  for (const [name, place] of places) {
    for (const [file, text] of files) {
      if (!text.includes(place)) continue;
      await setUp(BPF_NEEDS);
      files.set(file, text.replaceAll(place, encodeBase64(await compileBpf(name))));
    }
  }
  return { ...made, files };
}

function encodeBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Writes the commit where `core/version.ts` keeps a place for it. */
function withCommit(made: Bundle, commit: string | undefined): Bundle {
  if (commit === undefined) return made;
  const files = [...made.files].map(([name, text]) =>
    [name, text.replaceAll("@@COMMIT@@", commit)] as const
  );
  return { ...made, files: new Map(files) };
}

/**
 * The starters of a program that gets bytecode; undefined where it gets none: this machine cannot run it, or not in
 * namespaces of its own.
 */
async function startersFor(
  { binary, warmUp }: Component,
  { arch }: BuildPlace,
  work: string,
): Promise<Starters | undefined> {
  if (warmUp === undefined) return undefined;
  const refused = arch === hostArch() ? await warmUpIsRefused() : `this machine is no ${arch}`;
  if (refused === undefined) return await bundleStarters(ROOT, warmUp, work);
  say(`${binary}: built without a code cache, it starts slower (${refused})`);
  return undefined;
}

function buildKey(
  component: Component,
  arch: Arch,
  denort: string,
  made: Bundle,
  starters: string | undefined,
): string {
  const files = [...made.files].sort(([a], [b]) => a < b ? -1 : 1);
  return sha256(
    JSON.stringify([
      DENO_VERSION,
      denort,
      compileFlags(component, arch),
      made.main,
      files,
      starters ?? "",
    ]),
  );
}

/** Compiles a bundle, which is written to the new folder `source`, to `path`. */
async function compile(
  made: Bundle,
  denort: Denort,
  flags: string[],
  source: string,
  path: string,
): Promise<void> {
  await Deno.mkdir(source);
  for (const [name, text] of made.files) {
    await Deno.writeTextFile(join(source, name), text);
    // The payload holds each file's time: a fixed one makes the same sources give the same binary.
    await Deno.utime(join(source, name), 0, 0);
  }
  const output = `${source}.out`;
  const args = [...flags, "-o", output, join(source, made.main)];
  await runOk(Deno.execPath(), ["compile", ...args], { env: { DENORT_BIN: denort.path } });
  await Deno.chmod(output, 0o755);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.rename(output, path);
}

async function isCurrent(keyFile: string, key: string, path: string): Promise<boolean> {
  if (!await exists(keyFile) || !await exists(path)) return false;
  const noted = await Deno.readTextFile(keyFile);
  return noted === JSON.stringify({ key, ...await stamp(path) });
}

/** What tells that the binary is still the one that was written: size in bytes, time in ms. */
async function stamp(path: string): Promise<{ size: number; mtime: number }> {
  const { size, mtime } = await Deno.stat(path);
  return { size, mtime: mtime?.getTime() ?? 0 };
}
