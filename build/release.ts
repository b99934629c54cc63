/**
 * Archives to download: each component with the libraries that it needs, a script that puts both where they
 * shall be, checksums and a bill of materials. The same sources on the same machine give the same bytes.
 *
 * @module
 */
import { join } from "node:path";
import { KumaError } from "core/errors.ts";
import { VERSION } from "core/version.ts";
import { locateInterpreter, readInterpreter, RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import type { BuildRequest } from "./build.ts";
import { buildComponent } from "./compile.ts";
import { chooseComponents, type Component, findComponents } from "./components.ts";
import { packageOf } from "./debian_files.ts";
import { type Denort, obtainDenort } from "./denort.ts";
import { patchedDenort, runtimeLibraries } from "./host_runtime.ts";
import { run, runOk, say, sha256, withTempDir } from "./io.ts";
import { type Arch, TARGETS } from "./pins.ts";
import { denoRuntime, npmPackages, sbom, type ShippedFile } from "./sbom.ts";
import { runtimeNeeds, setUp } from "./setup.ts";

/** An archive that was made. */
export interface Archive {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * What the program is asked at its first start, before it gets its name: something that reads no setting and
 * touches nothing. A CNI plugin is told its verb by a variable and is silent without one.
 */
const FIRST_START = "--version";

/** Where the link to a program belongs: the CNI plugin's where container runtimes look for plugins. */
function linkFolder(binary: string): string {
  return binary === "kuma-cni" ? "/opt/cni/bin" : "/usr/local/bin";
}

/**
 * Makes `dist/release/<binary>-<version>-linux-<arch>.tar.gz` for each component, and `SHA256SUMS` for all that
 * are there.
 *
 * @param root the checkout
 * @param pages the manual pages of each program
 * @throws {KumaError} `KUMA-BUILD-001` to `-008`: what failed and what to do
 */
export async function release(
  root: string,
  request: BuildRequest,
  pages: PagesOf = pagesOf,
): Promise<Archive[]> {
  const components = chooseComponents(await findComponents(root), request.names);
  await setUp(runtimeNeeds(request.arch));
  const denort = await obtainDenort(request.arch);
  const date = await dateOf(root);
  const place: Place = {
    ...{ root, arch: request.arch, denort, commit: await commitOf(root) },
    pages: (binary) => pages(binary, date),
  };
  const out = join(root, "dist", "release");
  await Deno.mkdir(out, { recursive: true });
  const made: Archive[] = [];
  for (const component of components) {
    const archive = await archiveOf(component, place, out);
    say(`${archive.path.slice(root.length + 1)}: ${(archive.bytes / 1e6).toFixed(1)} MB`);
    made.push(archive);
  }
  await writeSums(out);
  return made;
}

interface Place {
  readonly root: string;
  readonly arch: Arch;
  readonly denort: Denort;
  readonly commit: string;
  readonly pages: (binary: string) => ReturnType<PagesOf>;
}

/** The manual pages of a program by file name, as of a date such as 2026-11-27; none for one that has none. */
export type PagesOf = (
  binary: string,
  date: string,
) => Promise<ReadonlyMap<string, string>> | ReadonlyMap<string, string>;

/** Loaded for releases alone: nothing else that is built needs to know a program's commands. */
async function pagesOf(binary: string, date: string): Promise<ReadonlyMap<string, string>> {
  const [{ manPages }, { PROGRAMS }] = await Promise.all([
    import("./docs/man_pages.ts"),
    import("./docs/programs.ts"),
  ]);
  const program = PROGRAMS.find(({ name }) => name === binary);
  return program === undefined ? new Map() : manPages(program, date);
}

/** The day of the last commit; empty where there is none. */
async function dateOf(root: string): Promise<string> {
  const log = await run("git", ["-C", root, "log", "-1", "--format=%cs"]).catch(() => undefined);
  return log?.code === 0 ? log.stdout.trim() : "";
}

/** The checked-out commit; one with changes on top, or none at all, is not named, since it would be untrue. */
async function commitOf(root: string): Promise<string> {
  const status = await run("git", ["-C", root, "status", "--porcelain"]).catch(() => undefined);
  if (status?.code !== 0 || status.stdout !== "") return "";
  return (await runOk("git", ["-C", root, "rev-parse", "HEAD"])).trim();
}

async function archiveOf(component: Component, place: Place, out: string): Promise<Archive> {
  const name = `${component.binary}-${VERSION}-linux-${place.arch}`;
  return await withTempDir(async (work) => {
    const folder = join(work, name);
    await fillFolder({ ...component, hostRuntime: true }, place, folder);
    const path = join(out, `${name}.tar.gz`);
    await pack(work, name, path);
    const bytes = await Deno.readFile(path);
    return { path, bytes: bytes.length, sha256: sha256(bytes) };
  });
}

/** Every program of a release brings its C library, also those that in a container image find one there. */
async function fillFolder(component: Component, place: Place, folder: string): Promise<void> {
  const { root, arch, denort, commit } = place;
  const { path, program: compiled } = await buildComponent(component, {
    root,
    arch,
    denort,
    commit,
    variant: "release",
  });
  const runtime = join(folder, RUNTIME_FOLDER);
  await Deno.mkdir(runtime, { recursive: true });
  const program = await Deno.readFile(compiled);
  await writeFile(join(folder, component.binary), await Deno.readFile(path), 0o755);
  const inside = path === compiled ? component.binary : `${RUNTIME_FOLDER}/${component.binary}`;
  if (path !== compiled) await writeFile(join(folder, inside), program, 0o755);
  const pages = await place.pages(component.binary);
  if (pages.size > 0) await Deno.mkdir(join(folder, "man"));
  for (const [name, page] of pages) await writeFile(join(folder, "man", name), page, 0o644);
  const libraries: ShippedFile[] = [];
  for (const [name, from] of await runtimeLibraries(denort.path, arch)) {
    const bytes = await Deno.readFile(from);
    await writeFile(join(runtime, name), bytes, name === TARGETS[arch].loader ? 0o755 : 0o644);
    libraries.push({ name, sha256: sha256(bytes), ...await packageOf(from) });
  }
  await writeFile(
    join(folder, "install.sh"),
    installScript({ binary: component.binary, inside, arch }, program),
    0o755,
  );
  const patched = await patchedDenort(denort, arch);
  const bill = sbom(
    { name: component.binary, version: VERSION, sha256: sha256(program) },
    await npmPackages(root, component.entry),
    [denoRuntime(patched.sha256), ...libraries],
  );
  await writeFile(join(folder, "sbom.cdx.json"), bill, 0o644);
  await writeFile(join(folder, "LICENSE"), await Deno.readFile(join(root, "LICENSE")), 0o644);
  await writeFile(join(folder, "SHA256SUMS"), await sumsOf(folder), 0o644);
}

const TEMPLATE = new URL("./release_files/install.sh", import.meta.url);

/** What an archive brings: what is started, and where in it the compiled program lies. */
export interface Shipped {
  readonly binary: string;
  readonly inside: string;
  readonly arch: Arch;
}

/** The script for a program; what differs between programs is filled in, so that it can be read as it is. */
function installScript({ binary, inside, arch }: Shipped, program: Uint8Array): string {
  const { offset } = locateInterpreter(program);
  const values: Readonly<Record<string, string>> = {
    BINARY: binary,
    PROGRAM: inside,
    VERSION: VERSION,
    ARCH: arch,
    LINKS: linkFolder(binary),
    RUNTIME: RUNTIME_FOLDER,
    LOADER: TARGETS[arch].loader,
    OFFSET: String(offset),
    LENGTH: String(new TextEncoder().encode(readInterpreter(program)).length),
    TRY: FIRST_START,
  };
  return Deno.readTextFileSync(TEMPLATE).replace(/@([A-Z]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value !== undefined) return value;
    throw new KumaError("KUMA-BUILD-009", `install.sh names @${name}@, which nothing fills in`);
  });
}

async function writeFile(path: string, content: Uint8Array | string, mode: number): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(path, bytes);
  await Deno.chmod(path, mode);
}

/** The sums of the files below a folder, in the form that `sha256sum -c` reads. */
async function sumsOf(folder: string): Promise<string> {
  const lines: string[] = [];
  const walk = async (dir: string, prefix: string) => {
    for await (const { name, isDirectory } of Deno.readDir(dir)) {
      if (isDirectory) await walk(join(dir, name), `${prefix}${name}/`);
      else lines.push(`${sha256(await Deno.readFile(join(dir, name)))}  ${prefix}${name}\n`);
    }
  };
  await walk(folder, "");
  return lines.sort((a, b) => a.slice(66) < b.slice(66) ? -1 : 1).join("");
}

async function writeSums(out: string): Promise<void> {
  const lines: string[] = [];
  for await (const { name } of Deno.readDir(out)) {
    if (!name.endsWith(".tar.gz")) continue;
    lines.push(`${sha256(await Deno.readFile(join(out, name)))}  ${name}\n`);
  }
  await Deno.writeTextFile(
    join(out, "SHA256SUMS"),
    lines.sort((a, b) => a.slice(66) < b.slice(66) ? -1 : 1).join(""),
  );
}

/** Names, times and owners are fixed, so that the archive says what is in it and nothing else. */
async function pack(work: string, name: string, path: string): Promise<void> {
  const tar = join(work, "archive.tar");
  const fixed = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await runOk("tar", ["--create", "--format=gnu", ...fixed, `--file=${tar}`, name], { cwd: work });
  await runOk("gzip", ["--no-name", "-6", tar]);
  await Deno.copyFile(`${tar}.gz`, path);
}
