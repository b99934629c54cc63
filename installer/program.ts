/**
 * The plugin's program in the host's bin dirs: `kuma-cni` is a symbolic link into a folder of one release,
 * `.kuma-cni-<id>/`, with program and runtime.
 *
 * A compiled program opens its own file again after it was started, by the path that the kernel tells it. Renaming
 * a new version over it fails the calls that are just starting: the path is then "kuma-cni (deleted)". So
 * the folder of a release never changes; an upgrade makes another one, proves it, and turns the link in one
 * step. The old one stays until the last call that could be starting in it is long over.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { removeIfThere, syncDirectory } from "core/host/atomic_file.ts";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import type { Logger } from "core/log/logger.ts";
import { copyFile, isCopy } from "./program/copy.ts";
import { isDirectory, namesBelow, removeFolder } from "./program/folders.ts";
import { interpreterPatch } from "./program/loader.ts";
import { PROGRAM } from "./program/places.ts";
import { removeStaleCopies } from "./netdir/recover.ts";
import type { Settings } from "./settings/settings.ts";

const DEFAULT_BIN_DIR = "/opt/cni/bin";
const RELEASE = /^\.kuma-cni-[0-9a-f]{16}$/;

/** How long a release stays after the link has left it, in milliseconds. */
export const KEEP_OLD_MS = 60_000;

/** A release that lies ready in some bin dirs. */
export interface Staged {
  /** Name of its folder in each of them. */
  readonly folder: string;
  readonly dirs: readonly string[];
  /** Whether anything had to be copied. */
  readonly written: boolean;
}

/** The bin dir as the host sees it: the setting, else what the entry says, else the usual one. */
export function hostBinDir(settings: Settings, fromEntry: string | undefined): string {
  return settings.binDir.host || fromEntry?.replace(/(?<=.)\/+$/, "") || DEFAULT_BIN_DIR;
}

/**
 * Puts the image's release into the bin dirs, beside what is in use there. The release that is in use
 * stays when it has the same bytes. The secondary bin dir is used if it is there; one dir is enough.
 *
 * @throws {KumaError} `KUMA-INS-020` when no directory took it
 */
export function stageProgram(settings: Settings, hostDir: string, log: Logger): Staged {
  const { mounted, secondary } = settings.binDir;
  const folder = currentRelease(settings, mounted, hostDir) ?? `.kuma-cni-${randomHex()}`;
  const dirs: string[] = [];
  const failures: string[] = [];
  let written = false;
  for (const dir of [mounted, ...(secondary !== "" && isDirectory(secondary) ? [secondary] : [])]) {
    try {
      const started = performance.now();
      removeStaleCopies(dir);
      const changed = stageIn(settings, dir, hostDir, folder);
      written ||= changed;
      dirs.push(dir);
      const ms = Math.round(performance.now() - started);
      log.info(changed ? "copied the plugin" : "the plugin is there already", { dir, ms });
    } catch (error) {
      failures.push(`${dir}: ${errorText(error)}`);
      log.warn("could not copy the plugin", { dir, error: errorText(error) });
    }
  }
  if (dirs.length > 0) return { folder, dirs, written };
  const what = `Cannot copy the plugin to the host: ${failures.join("; ")}`;
  throw new KumaError("KUMA-INS-020", what, { hint: "mount the host's bin dir writable" });
}

/** Makes `kuma-cni` mean the staged release, in one step a directory. */
export function useRelease(staged: Staged): void {
  for (const dir of staged.dirs) {
    const before = releaseOf(dir);
    if (before === staged.folder) continue;
    // From now on counts how long it has been out of use.
    if (before !== undefined) Deno.utimeSync(`${dir}/${before}`, new Date(), new Date());
    const link = `${dir}/.${PROGRAM}.${randomHex()}.tmp`;
    Deno.symlinkSync(`${staged.folder}/${PROGRAM}`, link);
    Deno.renameSync(link, `${dir}/${PROGRAM}`);
    syncDirectory(dir);
  }
}

/** Takes a staged release away again, where it is not in use. */
export function dropStaged(staged: Staged): void {
  for (const dir of staged.dirs) {
    if (releaseOf(dir) !== staged.folder) removeFolder(`${dir}/${staged.folder}`);
  }
}

/** Whether the directory's `kuma-cni` is the very release that this image brings. Reads all of it. */
export function isInstalled(settings: Settings, dir: string, hostDir: string): boolean {
  return currentRelease(settings, dir, hostDir) !== undefined;
}

/** Removes releases that have been out of use for {@linkcode KEEP_OLD_MS}. */
export function removeOldReleases(dir: string, now = Date.now()): void {
  const current = releaseOf(dir);
  for (const name of namesBelow(dir).filter((name) => RELEASE.test(name) && name !== current)) {
    const left = Deno.statSync(`${dir}/${name}`).mtime?.getTime() ?? 0;
    if (now - left >= KEEP_OLD_MS) removeFolder(`${dir}/${name}`);
  }
}

/** Takes program and releases away. */
export function removeProgram(dir: string): void {
  removeIfThere(`${dir}/${PROGRAM}`);
  for (const name of namesBelow(dir).filter((name) => RELEASE.test(name))) {
    removeFolder(`${dir}/${name}`);
  }
  removeStaleCopies(dir);
  syncDirectory(dir);
}

/** The folder that `kuma-cni` leads into; undefined where it is no link of ours. */
export function releaseOf(dir: string): string | undefined {
  try {
    const [folder, name, more] = Deno.readLinkSync(`${dir}/${PROGRAM}`).split("/");
    const isOurs = folder !== undefined && RELEASE.test(folder) && name === PROGRAM;
    return isOurs && more === undefined ? folder : undefined;
  } catch (error) {
    // Nothing is there, or (EINVAL) a plain file such as Kuma 2.9 has put there.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    if (error instanceof Error && "code" in error && error.code === "EINVAL") return undefined;
    throw error;
  }
}

/** The release in use, if it is this image's. */
function currentRelease(settings: Settings, dir: string, hostDir: string): string | undefined {
  const folder = releaseOf(dir);
  return folder !== undefined && isRelease(settings.sourceDir, dir, hostDir, folder)
    ? folder
    : undefined;
}

function isRelease(sourceDir: string, dir: string, hostDir: string, folder: string): boolean {
  return releaseFiles(sourceDir).every(({ name, mode }) => {
    const source = `${sourceDir}/${name}`;
    const patch = interpreterPatch(source, `${hostDir}/${folder}`);
    return isCopy(source, `${dir}/${folder}/${name}`, mode, patch);
  });
}

function stageIn(settings: Settings, dir: string, hostDir: string, folder: string): boolean {
  const { sourceDir } = settings;
  if (isRelease(sourceDir, dir, hostDir, folder)) return false;
  const fresh = `${dir}/${folder}.${randomHex()}.tmp`;
  try {
    for (const path of [fresh, `${fresh}/${RUNTIME_FOLDER}`]) {
      Deno.mkdirSync(path);
      Deno.chmodSync(path, 0o755);
    }
    for (const { name, mode } of releaseFiles(sourceDir)) {
      const source = `${sourceDir}/${name}`;
      copyFile(source, `${fresh}/${name}`, mode, interpreterPatch(source, `${hostDir}/${folder}`));
    }
    // Of the same name only in a secondary dir, and only where somebody has damaged it.
    removeFolder(`${dir}/${folder}`);
    Deno.renameSync(fresh, `${dir}/${folder}`);
  } finally {
    removeFolder(fresh);
  }
  syncDirectory(dir);
  return true;
}

/** What a release consists of, the program first, which can be started whatever mode its image gives it. */
function releaseFiles(sourceDir: string): { name: string; mode: number }[] {
  const mode = (name: string) => (Deno.statSync(`${sourceDir}/${name}`).mode ?? 0o755) & 0o777;
  const beside = namesBelow(`${sourceDir}/${RUNTIME_FOLDER}`).map((file) =>
    `${RUNTIME_FOLDER}/${file}`
  );
  return [
    { name: PROGRAM, mode: mode(PROGRAM) | 0o111 },
    ...beside.map((name) => ({ name, mode: mode(name) })),
  ];
}

function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
