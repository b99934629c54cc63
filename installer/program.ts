/**
 * The plugin's program and its runtime folder in the host's bin dirs.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { removeIfThere, syncDirectory } from "core/host/atomic_file.ts";
import { interpreterFor, locateInterpreter, RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import type { Logger } from "core/log/logger.ts";
import { copyFile, isCopy, type Patch } from "./copy.ts";
import { exchange } from "./native.ts";
import { PROGRAM } from "./places.ts";
import { removeStaleCopies } from "./recover.ts";
import type { Settings } from "./settings.ts";

const DEFAULT_BIN_DIR = "/opt/cni/bin";
const HEAD = 4096;

/** The bin dir as the host sees it: the setting, else what the entry says, else the usual one. */
export function hostBinDir(settings: Settings, fromEntry: string | undefined): string {
  return settings.binDir.host || fromEntry?.replace(/(?<=.)\/+$/, "") || DEFAULT_BIN_DIR;
}

/**
 * Puts program and runtime folder into the bin dirs; what is there already with the same bytes stays. The
 * secondary bin dir is used if it is there. One of them is enough.
 *
 * @returns the directories (of this container) that have the program now, and whether anything was written
 * @throws {KumaError} `KUMA-INS-020` when no directory took it
 */
export function installProgram(
  settings: Settings,
  hostDir: string,
  log: Logger,
): { dirs: string[]; written: boolean } {
  const { mounted, secondary } = settings.binDir;
  const dirs: string[] = [];
  const failures: string[] = [];
  let written = false;
  for (const dir of [mounted, ...(secondary !== "" && isDirectory(secondary) ? [secondary] : [])]) {
    try {
      const started = performance.now();
      removeStaleCopies(dir);
      const changed = copyInto(settings.sourceDir, dir, hostDir);
      written ||= changed;
      dirs.push(dir);
      const ms = Math.round(performance.now() - started);
      log.info(changed ? "copied the plugin" : "the plugin is there already", { dir, ms });
    } catch (error) {
      failures.push(`${dir}: ${errorText(error)}`);
      log.warn("could not copy the plugin", { dir, error: errorText(error) });
    }
  }
  if (dirs.length > 0) return { dirs, written };
  throw new KumaError(
    "KUMA-INS-020",
    `Cannot copy the plugin to the host: ${failures.join("; ")}`,
    {
      hint: "mount the host's bin dir writable",
    },
  );
}

/** Whether the directory has the very program and runtime that this image brings. Reads all of it. */
export function isInstalled(settings: Settings, dir: string, hostDir: string): boolean {
  const source = `${settings.sourceDir}/${PROGRAM}`;
  return isCopy(
    source,
    `${dir}/${PROGRAM}`,
    programMode(source),
    interpreterPatch(source, hostDir),
  ) &&
    isRuntime(`${settings.sourceDir}/${RUNTIME_FOLDER}`, `${dir}/${RUNTIME_FOLDER}`);
}

/** Takes program and runtime folder away. */
export function removeProgram(dir: string): void {
  removeIfThere(`${dir}/${PROGRAM}`);
  removeFolder(`${dir}/${RUNTIME_FOLDER}`);
  removeStaleCopies(dir);
  syncDirectory(dir);
}

/** The interpreter that the program would need to start, if it needs one that we bring. */
export function bundledInterpreter(program: string): string | undefined {
  return bundledLoader(program)?.path;
}

function bundledLoader(program: string): { path: string; offset: number } | undefined {
  using file = Deno.openSync(program, { read: true });
  try {
    const { offset, size } = locateInterpreter(readAt(file, 0, HEAD));
    // The path itself may lie anywhere: whoever patched the program has put it at its end.
    const path = new TextDecoder().decode(readAt(file, offset, size)).replace(/\0.*$/s, "");
    return path.includes(`/${RUNTIME_FOLDER}/`) ? { path, offset } : undefined;
  } catch (error) {
    // No ELF program, or a static one: it needs none.
    if (error instanceof KumaError) return undefined;
    throw error;
  }
}

function copyInto(sourceDir: string, dir: string, hostDir: string): boolean {
  const source = `${sourceDir}/${PROGRAM}`;
  const patch = interpreterPatch(source, hostDir);
  // The runtime first: a program without it does not start.
  const runtime = copyRuntime(`${sourceDir}/${RUNTIME_FOLDER}`, dir);
  return copyFile(source, `${dir}/${PROGRAM}`, programMode(source), patch) || runtime;
}

function programMode(source: string): number {
  return ((Deno.statSync(source).mode ?? 0o755) & 0o777) | 0o111;
}

/** The loader's path for the host's bin dir, where the program was built to bring its own loader. */
function interpreterPatch(source: string, hostDir: string): Patch | undefined {
  const loader = bundledLoader(source);
  if (loader === undefined) return undefined;
  const bytes = new TextEncoder().encode(interpreterFor(loader.path, hostDir));
  return { offset: loader.offset, bytes };
}

/**
 * Brings the runtime folder. A changed one is exchanged as a whole, since a loader and a C library of
 * different versions do not work together.
 */
function copyRuntime(source: string, dir: string): boolean {
  const target = `${dir}/${RUNTIME_FOLDER}`;
  if (!isDirectory(source) || isRuntime(source, target)) return false;
  const fresh = `${dir}/${RUNTIME_FOLDER}.${
    crypto.randomUUID().replaceAll("-", "").slice(0, 16)
  }.tmp`;
  Deno.mkdirSync(fresh, { mode: 0o755 });
  try {
    Deno.chmodSync(fresh, 0o755);
    for (const { name, mode } of filesIn(source)) {
      copyFile(`${source}/${name}`, `${fresh}/${name}`, mode);
    }
    if (isDirectory(target)) swapFolders(fresh, target);
    else Deno.renameSync(fresh, target);
  } finally {
    removeFolder(fresh);
  }
  syncDirectory(dir);
  return true;
}

function swapFolders(fresh: string, target: string): void {
  if (exchange(fresh, target) >= 0) return;
  // No exchange on this file system: file by file is the next best.
  for (const { name, mode } of filesIn(fresh)) {
    copyFile(`${fresh}/${name}`, `${target}/${name}`, mode);
  }
}

function isRuntime(source: string, target: string): boolean {
  if (!isDirectory(source)) return true;
  return isDirectory(target) &&
    filesIn(source).every(({ name, mode }) =>
      isCopy(`${source}/${name}`, `${target}/${name}`, mode)
    );
}

function filesIn(dir: string): { name: string; mode: number }[] {
  return [...Deno.readDirSync(dir)].filter((entry) => entry.isFile).map(({ name }) => ({
    name,
    mode: (Deno.statSync(`${dir}/${name}`).mode ?? 0o644) & 0o777,
  }));
}

function readAt(file: Deno.FsFile, offset: number, size: number): Uint8Array {
  file.seekSync(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const read = file.readSync(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

function removeFolder(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
