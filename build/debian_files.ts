/**
 * Files of Debian packages for our images, with the package that each comes from: those that are installed
 * here, or, for another architecture, packages fetched into a folder without touching this machine's own.
 *
 * @module
 */
import { join } from "node:path";
import { KumaError } from "core/errors.ts";
import { exists, run, runOk, say } from "./io.ts";
import { type Arch, hostArch, TARGETS } from "./pins.ts";

/** A Debian package that files are of. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
}

/** Where files of Debian packages are found. */
export interface DebianFiles {
  /** The folder that stands for `/`. */
  readonly root: string;
  /**
   * The packages that these files (absolute paths below {@linkcode DebianFiles.root}) belong to, sorted by name.
   *
   * @throws {KumaError} `KUMA-BUILD-006` for a file that is of no package
   */
  owners(paths: readonly string[]): Promise<DebianPackage[]>;
}

/**
 * The files of these packages and of all that they depend on. For this machine's architecture they have to be
 * installed; for another one they are fetched by apt-get into `dir`.
 *
 * @throws {KumaError} `KUMA-BUILD-001` or `-006`: what failed and what to do
 */
export async function debianFiles(
  arch: Arch,
  packages: readonly string[],
  dir: string,
): Promise<DebianFiles> {
  for (const program of ["/usr/bin/dpkg-query", "/usr/bin/dpkg-deb", "/usr/bin/apt-get"]) {
    if (await exists(program)) continue;
    throw new KumaError(
      "KUMA-BUILD-006",
      `Cannot take ${packages.join(", ")} from Debian: there is no ${program}`,
      { hint: "make this image on a Debian or Ubuntu" },
    );
  }
  if (arch === hostArch()) return { root: "/", owners: (paths) => ownersHere(paths) };
  return await fetched(arch, packages, dir);
}

/**
 * The file that a package has at `path`, or undefined: `/usr` may be merged or not.
 *
 * @param path absolute, such as `/usr/sbin/xtables-nft-multi`
 */
async function findFile(files: DebianFiles, path: string): Promise<string | undefined> {
  const other = path.startsWith("/usr/") ? path.slice(4) : `/usr${path}`;
  for (const candidate of [path, other]) {
    const found = join(files.root, candidate);
    if (await exists(found)) return found;
  }
  return undefined;
}

/** {@linkcode findFile} for what has to be there. Throws `KUMA-BUILD-006`. */
export async function fileOf(files: DebianFiles, path: string): Promise<string> {
  const found = await findFile(files, path);
  if (found !== undefined) return found;
  throw new KumaError("KUMA-BUILD-006", `Debian's ${path} is not below ${files.root}`, {
    hint: "install the package that has it",
  });
}

/** A library of the architecture, by its file name. Throws `KUMA-BUILD-006`. */
export function libraryOf(files: DebianFiles, arch: Arch, name: string): Promise<string> {
  return fileOf(files, `/usr/lib/${TARGETS[arch].multiarch}/${name}`);
}

async function ownersHere(paths: readonly string[]): Promise<DebianPackage[]> {
  // What dpkg knows may be the path before /usr was merged.
  const patterns = paths.flatMap((path) => [path, path.replace(/^\/usr(?=\/)/, "")]);
  const known = new Map<string, string>();
  // It fails where one of the patterns finds nothing, and prints what the others found.
  const { stdout } = await run("dpkg-query", ["--search", ...new Set(patterns)]);
  for (const line of stdout.split("\n")) {
    const [, name, path] = /^([^:, ]+)(?::[a-z0-9]+)?: (\/.*)$/.exec(line) ?? [];
    if (name !== undefined && path !== undefined) known.set(merged(path), name);
  }
  const names = named(paths, known);
  if (names.length === 0) return [];
  // Of a package that is here for several architectures there is a line for each; its version is the same.
  const shown = await runOk("dpkg-query", [
    "--show",
    "--showformat=${Package} ${Version}\\n",
    ...names,
  ]);
  const versions = new Map(
    shown.trim().split("\n").map((line) => line.split(" ") as [string, string]),
  );
  return names.map((name) => ({ name, version: versions.get(name) ?? "" }));
}

async function fetched(
  arch: Arch,
  packages: readonly string[],
  dir: string,
): Promise<DebianFiles> {
  say(`fetching Debian packages for ${arch}: ${packages.join(" ")}`);
  const root = join(await Deno.realPath(dir), "debian");
  const lists = join(dir, "apt/lists"), cache = join(dir, "apt/cache");
  for (const folder of [join(lists, "partial"), join(cache, "archives/partial"), root]) {
    await Deno.mkdir(folder, { recursive: true });
  }
  const status = join(dir, "apt/status");
  await Deno.writeTextFile(status, "");
  // The machine's own sources and keys; lists, cache and what counts as installed are the folder's.
  const options = [
    `APT::Architecture=${arch}`,
    `APT::Architectures=${arch}`,
    `Dir::State=${join(dir, "apt")}`,
    `Dir::State::status=${status}`,
    `Dir::Cache=${cache}`,
    "APT::Sandbox::User=",
    "Acquire::Languages=none",
  ].flatMap((option) => ["-o", option]);
  await runOk("apt-get", ["-qq", ...options, "update"]);
  const install = ["install", "-y", "--download-only", "--no-install-recommends"];
  await runOk("apt-get", ["-qq", ...options, ...install, ...packages]);
  const known = new Map<string, string>(), versions = new Map<string, string>();
  for await (const { name } of Deno.readDir(join(cache, "archives"))) {
    if (!name.endsWith(".deb")) continue;
    // apt writes a version's colon as %3a.
    const [own = "", version = ""] = name.split("_");
    versions.set(own, decodeURIComponent(version));
    const archive = join(cache, "archives", name);
    await runOk("dpkg-deb", ["--extract", archive, root]);
    for (const line of (await runOk("dpkg-deb", ["--contents", archive])).split("\n")) {
      const [, path] = / \.(\/.*?)(?: -> .*)?$/.exec(line) ?? [];
      if (path !== undefined) known.set(merged(path), own);
    }
  }
  return {
    root,
    owners: (paths) => {
      const names = named(paths.map((path) => path.slice(root.length)), known);
      return Promise.resolve(names.map((name) => ({ name, version: versions.get(name) ?? "" })));
    },
  };
}

function named(paths: readonly string[], known: ReadonlyMap<string, string>): string[] {
  const names = paths.map((path) => {
    const name = known.get(merged(path));
    if (name !== undefined) return name;
    throw new KumaError("KUMA-BUILD-006", `${path} is of no Debian package`, {
      hint: "its licence is not known, so it cannot go into an image",
    });
  });
  return [...new Set(names)].sort();
}

/** A path as it is where `/usr` is merged. */
function merged(path: string): string {
  return path.replace(/^\/(?=(?:bin|sbin|lib|lib64)\/)/, "/usr/");
}

/** The installed package that a library is from; where dpkg knows none, the C library without a version. */
export async function packageOf(path: string): Promise<{ purl: string; version: string }> {
  const format = ["--showformat=${Package} ${Version}"];
  for (const one of new Set([path, await Deno.realPath(path), path.replace(/^\/usr/, "")])) {
    const owner = await run("dpkg-query", ["--search", one]).catch(() => undefined);
    const name = owner?.code === 0 ? owner.stdout.split(/[:,]/)[0] ?? "" : "";
    if (name === "") continue;
    const [own = name, version = ""] = (await runOk("dpkg-query", ["--show", ...format, name]))
      .split(/[\n ]/);
    return { purl: `pkg:deb/debian/${own}`, version };
  }
  return { purl: "pkg:generic/glibc", version: "" };
}
