/**
 * A whole build: which components of which checkout, for which architecture.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { chooseComponents, findComponents } from "./components.ts";
import { buildComponent } from "./compile.ts";
import type { Built } from "./compile.ts";
import { obtainDenort } from "./denort.ts";
import { say } from "./io.ts";
import { runtimeNeeds, setUp } from "./setup.ts";
import { hostArch, isArch } from "./pins.ts";
import type { Arch } from "./pins.ts";

/** What the command line of `deno task build` asks for. */
export interface BuildRequest {
  /** Names of components or binaries; empty for all. */
  names: string[];
  arch: Arch;
}

/**
 * Reads the command line: `[component…] [--arch amd64|arm64]`; without `--arch`, this machine's own.
 *
 * @throws {KumaError} `KUMA-BUILD-004` for an unknown flag or architecture
 */
export function parseBuildArgs(args: string[]): BuildRequest {
  const request: BuildRequest = { names: [], arch: hostArch() };
  const rest = args.flatMap((arg) => arg.startsWith("--arch=") ? ["--arch", arg.slice(7)] : [arg]);
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--arch") {
      const value = rest.shift() ?? "";
      if (!isArch(value)) throw usage(`the architecture "${value}" is unknown`);
      request.arch = value;
    } else if (arg.startsWith("-")) {
      throw usage(`the flag "${arg}" is unknown`);
    } else {
      request.names.push(arg);
    }
  }
  return request;
}

/**
 * Builds what is asked for of the checkout at `root`, one component after the other.
 *
 * @throws {KumaError} `KUMA-BUILD-001` to `-006`: what failed and what to do
 */
export async function build(root: string, request: BuildRequest): Promise<Built[]> {
  const components = chooseComponents(await findComponents(root), request.names);
  if (components.length === 0) {
    say("nothing to build: no folder has a deno.json with a build section");
    return [];
  }
  if (components.some(({ hostRuntime }) => hostRuntime)) await setUp(runtimeNeeds(request.arch));
  const denort = await obtainDenort(request.arch);
  say(`denort ${request.arch}: ${denort.origin} (sha256 ${denort.sha256.slice(0, 12)}…)`);
  const built: Built[] = [];
  for (const component of components) {
    built.push(await buildComponent(component, { root, arch: request.arch, denort }));
  }
  return built;
}

function usage(why: string): KumaError {
  return new KumaError("KUMA-BUILD-004", `Cannot build: ${why}`, {
    hint: "usage: deno task build [component…] [--arch amd64|arm64]",
  });
}
