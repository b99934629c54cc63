/**
 * The runtime for programs that start on foreign nodes (kuma-cni): k3s, Alpine, Talos, Bottlerocket and
 * RHEL 7 have no fitting C library at the usual place. The program gets a run-path beside itself and an
 * interpreter path with room for another bin dir (`core/host/elf_interpreter.ts`); a folder of the loader and
 * the libraries that it needs lies beside it. Its TLS takes its entropy from the kernel
 * (`kernel_entropy.ts`). Patched before compiling: a compiled program's payload has to stay at the very end
 * of the file.
 *
 * @module
 */
import { join } from "node:path";
import { KumaError } from "core/errors.ts";
import { paddedInterpreter, RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { cacheDir } from "./denort.ts";
import type { Denort } from "./denort.ts";
import { exists, placeFile, runOk, say, sha256, withTempDir, writeAtomic } from "./io.ts";
import { KERNEL_ENTROPY_EDIT, takeEntropyFromKernel } from "./kernel_entropy.ts";
import { hostArch, TARGETS } from "./pins.ts";
import type { Arch } from "./pins.ts";

/** The bin dir that a freshly built program starts in without being rewritten. */
const BUILT_FOR = "/opt/cni/bin";

/**
 * The patched form of a denort, from the cache or made now.
 *
 * @throws {KumaError} `KUMA-BUILD-001` when patchelf is missing or fails
 */
export async function patchedDenort(denort: Denort, arch: Arch): Promise<Denort> {
  const interpreter = paddedInterpreter(BUILT_FOR, TARGETS[arch].loader);
  // A program with another in front of it lies in that folder itself.
  const libraries = `$ORIGIN/${RUNTIME_FOLDER}:$ORIGIN`;
  const edits = ["--set-rpath", libraries, "--set-interpreter", interpreter];
  const version = (await runOk("patchelf", ["--version"])).trim();
  const parts = [denort.sha256, edits, version, KERNEL_ENTROPY_EDIT];
  const key = sha256(JSON.stringify(parts)).slice(0, 32);
  const path = join(cacheDir(), "denort", "patched", `${arch}-${key}`);
  if (!await exists(path)) {
    await withTempDir(async (dir) => {
      const copy = join(dir, "denort");
      await Deno.copyFile(denort.path, copy);
      await Deno.chmod(copy, 0o755);
      await runOk("patchelf", [...edits, copy]);
      const runtime = await Deno.readFile(copy);
      if (!takeEntropyFromKernel(runtime)) {
        say(`denort ${arch}: its TLS cannot be told to use the kernel's entropy; it starts slower`);
      }
      await writeAtomic(path, runtime, 0o755);
    });
  }
  return { path, sha256: sha256(await Deno.readFile(path)), origin: `${denort.origin}, patched` };
}

/**
 * Puts the runtime folder into `dir`: the loader and every library that the denort at `denortPath` names
 * as needed, as regular files. Files that are already the same are left alone.
 *
 * @throws {KumaError} `KUMA-BUILD-006` when this machine lacks one of them
 */
export async function placeRuntime(dir: string, denortPath: string, arch: Arch): Promise<void> {
  for (const [name, path] of await runtimeLibraries(denortPath, arch)) {
    const mode = name === TARGETS[arch].loader ? 0o755 : 0o644;
    await placeFile(join(dir, RUNTIME_FOLDER, name), await Deno.readFile(path), mode);
  }
}

/**
 * The loader and the libraries that a program names as needed: where this machine has them, by file name.
 *
 * @throws {KumaError} `KUMA-BUILD-006` when it lacks one of them
 */
export async function runtimeLibraries(program: string, arch: Arch): Promise<Map<string, string>> {
  const needed = (await runOk("patchelf", ["--print-needed", program])).trim().split("\n");
  const found = new Map<string, string>();
  for (const name of new Set([TARGETS[arch].loader, ...needed])) {
    found.set(name, await findLibrary(name, arch));
  }
  return found;
}

/** Folders of this machine that hold C libraries for `arch`: its own, or those of the cross packages. */
function libraryFolders(arch: Arch): string[] {
  const { multiarch } = TARGETS[arch];
  const own = [`/lib/${multiarch}`, `/usr/lib/${multiarch}`];
  const cross = [`/usr/${multiarch}/lib`];
  return arch === hostArch() ? [...own, "/lib64", "/usr/lib64"] : [...cross, ...own];
}

async function findLibrary(name: string, arch: Arch): Promise<string> {
  const folders = libraryFolders(arch);
  for (const folder of folders) {
    if (await exists(join(folder, name))) return join(folder, name);
  }
  const native = arch === hostArch();
  throw new KumaError(
    "KUMA-BUILD-006",
    `Cannot find the library ${name} for ${arch} in ${folders.join(", ")}`,
    {
      hint: native
        ? "build on a Debian with libc6 and libgcc-s1"
        : `install libc6-${arch}-cross and libgcc-s1-${arch}-cross`,
    },
  );
}
