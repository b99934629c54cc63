/**
 * The files of an image, laid out in a folder with modes and owners that do not depend on this machine.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { type DebianFiles, fileOf, libraryOf } from "./debian_files.ts";
import { exists, runOk } from "./io.ts";
import { type Arch, TARGETS } from "./pins.ts";

/** A part of an image that others made: what it is called in bills of materials. */
export interface ForeignPart {
  readonly name: string;
  readonly version: string;
  /** A package URL (purl) without version, such as `pkg:deb/debian/libc6`. */
  readonly purl: string;
}

/** An image's root folder being filled. */
export class ImageRoot {
  /** What was put in beside our programs, by purl. */
  readonly parts = new Map<string, ForeignPart>();

  /** @param dir an empty folder */
  constructor(readonly dir: string) {}

  /** Copies a file to `path`; links are followed. */
  async copy(from: string, path: string, mode = 0o755): Promise<void> {
    await this.folder(dirname(path));
    await Deno.copyFile(from, join(this.dir, path));
    await Deno.chmod(join(this.dir, path), mode);
  }

  /** Writes a text to `path`, readable by all. */
  async text(path: string, text: string): Promise<void> {
    await this.folder(dirname(path));
    await Deno.writeTextFile(join(this.dir, path), text);
    await Deno.chmod(join(this.dir, path), 0o644);
  }

  /** Makes `path` a symbolic link. */
  async link(path: string, target: string): Promise<void> {
    await this.folder(dirname(path));
    await Deno.symlink(target, join(this.dir, path));
  }

  /** Makes a folder and those above it, each with mode 0755 if it is new; `mode` is for the last. */
  async folder(path: string, mode = 0o755): Promise<void> {
    for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
      await this.#oneFolder(path.slice(0, at), 0o755);
    }
    await this.#oneFolder(path, mode);
  }

  async #oneFolder(path: string, mode: number): Promise<void> {
    if (await exists(join(this.dir, path))) return;
    await Deno.mkdir(join(this.dir, path), { recursive: true });
    await Deno.chmod(join(this.dir, path), mode);
  }
}

/**
 * Puts Debian's programs (and plugins) into an image, each at its own path, with the loader, every library that they or
 * ours need, and the packages' licences.
 *
 * @param own our programs, which lie in the image already; their paths on this machine
 * @param debian absolute paths that packages have
 */
export async function addDebian(
  root: ImageRoot,
  files: DebianFiles,
  arch: Arch,
  own: readonly string[],
  debian: readonly string[],
): Promise<void> {
  const { loader, multiarch } = TARGETS[arch];
  const taken: string[] = [];
  for (const path of debian) {
    const from = await fileOf(files, path);
    await root.copy(from, path);
    taken.push(await Deno.realPath(from));
  }
  const libraries = await closure(files, arch, [...own, ...taken]);
  for (const [name, from] of libraries) await root.copy(from, `/lib/${multiarch}/${name}`);
  const interpreters = new Set<string>();
  for (const program of [...own, ...taken.filter((path) => !/\.so(\.|$)/.test(path))]) {
    interpreters.add((await runOk("patchelf", ["--print-interpreter", program])).trim());
  }
  const loaderFile = await libraryOf(files, arch, loader);
  for (const interpreter of interpreters) await root.copy(loaderFile, interpreter);

  await addLicences(root, files, [...taken, ...libraries.values(), loaderFile]);
}

/** Puts the licences of the packages that files are of into an image. */
export async function addLicences(
  root: ImageRoot,
  files: DebianFiles,
  from: readonly string[],
): Promise<void> {
  for (const { name, version } of await files.owners(await Promise.all(from.map(realPath)))) {
    const purl = `pkg:deb/debian/${name}`;
    root.parts.set(purl, { name, version, purl });
    const copyright = `/usr/share/doc/${name}/copyright`;
    await root.copy(await fileOf(files, copyright), copyright, 0o644);
  }
}

/** The libraries that these files need, and those need, by file name. */
async function closure(
  files: DebianFiles,
  arch: Arch,
  from: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let next = [...from]; next.length > 0;) {
    const needed = (await runOk("patchelf", ["--print-needed", ...next])).trim().split("\n");
    next = [];
    for (const name of [...new Set(needed)].sort()) {
      if (name === "" || name === TARGETS[arch].loader || found.has(name)) continue;
      const path = await libraryOf(files, arch, name);
      found.set(name, path);
      next.push(path);
    }
  }
  return found;
}

function realPath(path: string): Promise<string> {
  return Deno.realPath(path);
}
