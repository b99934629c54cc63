/**
 * Runs the copied plugin once on the host, before any chain names it: one that does not start there would fail
 * every pod of the node.
 *
 * @module
 */
import { isFile } from "core/host/presence.ts";
import { fileURLToPath } from "node:url";
import { errorText, KumaError } from "core/errors.ts";
import { run } from "core/host/run.ts";
import type { Logger } from "core/log/logger.ts";
import { errnoOf } from "../errno.ts";
import { becomeIn } from "./native.ts";
import { PROGRAM } from "./places.ts";
import { bundledInterpreter, programBehind } from "./loader.ts";
import type { Settings } from "../settings/settings.ts";

/** The internal command that enters a root and becomes a program there. */
export const RUN_IN_ROOT = "run-in-root";

const TIMEOUT_MS = 20_000;

/** A directory with the program, as this container and as the host see it. */
export interface ProgramPlace {
  readonly mounted: string;
  readonly host: string;
}

/**
 * Calls the plugin in `place` with VERSION: in the host's root where that is mounted, else in this container.
 * Where its loader's path (the host's bin dir) does not exist in this container, only the image's own copy can be tried.
 *
 * @returns the plugin's supported CNI versions
 * @throws {KumaError} `KUMA-INS-021`
 */
export async function provePlugin(
  settings: Settings,
  place: ProgramPlace,
  log: Logger,
): Promise<string[]> {
  const { argv, proves } = commandFor(settings, place);
  if (!proves) {
    log.warn(
      "cannot try the plugin at its place: mount the host's root and set MOUNTED_HOST_ROOT",
      {
        tried: argv.join(" "),
      },
    );
  }
  const fail = (why: string) =>
    new KumaError("KUMA-INS-021", `The plugin does not run (${argv.join(" ")}): ${why}`, {
      hint: "the CNI chain was not touched",
    });
  let result;
  try {
    const env = {
      CNI_COMMAND: "VERSION",
      CNI_PATH: place.host,
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    };
    result = await run(argv, { env, clearEnv: true, stdin: "{}", timeoutMs: TIMEOUT_MS });
  } catch (error) {
    throw fail(errorText(error));
  }
  if (result.code !== 0) {
    throw fail(`exit code ${result.code}: ${(result.stderr || result.stdout).slice(0, 300)}`);
  }
  const versions = versionsIn(result.stdout);
  if (versions === undefined) throw fail(`it answered ${result.stdout.slice(0, 200)}`);
  return versions;
}

/**
 * The body of the internal command: never returns when it succeeds.
 *
 * @throws {KumaError} `KUMA-INS-021`
 */
export function runInRoot(root: string, program: string): never {
  const errno = becomeIn(root, program);
  throw new KumaError("KUMA-INS-021", `Cannot run "${program}" in "${root}": ${errnoOf(errno)}`);
}

function commandFor(
  settings: Settings,
  place: ProgramPlace,
): { argv: [string, ...string[]]; proves: boolean } {
  if (settings.hostRoot !== "") {
    const self: [string, ...string[]] = Deno.build.standalone ? [Deno.execPath()] : [
      Deno.execPath(),
      "run",
      "--allow-all",
      fileURLToPath(new URL("../main.ts", import.meta.url)),
    ];
    return {
      argv: [...self, RUN_IN_ROOT, settings.hostRoot, `${place.host}/${PROGRAM}`],
      proves: true,
    };
  }
  const program = `${place.mounted}/${PROGRAM}`;
  const loader = bundledInterpreter(programBehind(program));
  if (loader === undefined || isFile(loader)) return { argv: [program], proves: true };
  return { argv: [`${settings.sourceDir}/${PROGRAM}`], proves: false };
}

function versionsIn(stdout: string): string[] | undefined {
  try {
    const value = JSON.parse(stdout) as { supportedVersions?: unknown } | null;
    const versions = value?.supportedVersions;
    return Array.isArray(versions) && versions.every((one) => typeof one === "string")
      ? versions
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
