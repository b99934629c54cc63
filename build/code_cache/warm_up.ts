/**
 * Has a program's common commands run once, in namespaces of their own, for the bytecode that V8 makes of them.
 *
 * @module
 */
import { join } from "node:path";
import { KumaError } from "core/errors.ts";
import { run } from "../io.ts";
import type { WarmRuns } from "../components.ts";
import { OWN_RUN } from "./own_run.ts";
import type { Recorded, Recording } from "./recorder.ts";

/** What came of a command's runs. */
export interface Warm extends Recorded {
  /** By the number of the stage. */
  readonly caches: ReadonlyMap<number, Uint8Array>;
}

/**
 * The words that start a program in a network and a mount namespace of its own; those who are not root get a user
 * namespace, too.
 */
function isolated(): string[] {
  return ["--net", "--mount", ...(Deno.uid() === 0 ? [] : ["--map-root-user"]), "--"];
}

/** Why this machine gives us no namespaces; undefined where it does. */
export async function warmUpIsRefused(): Promise<string | undefined> {
  const { code, stderr } = await run("unshare", [...isolated(), ...OWN_RUN]);
  return code === 0 ? undefined : stderr.trim() || `unshare ended with ${code}`;
}

/**
 * Runs what is to be run for each command, in one process each.
 *
 * @param recorder the compiled recorder
 * @throws {KumaError} `KUMA-BUILD-001` where the recorder fails: what it said
 */
export async function warmUp(
  recorder: string,
  commands: WarmRuns,
  dir: string,
): Promise<Map<string, Warm>> {
  const warm = new Map<string, Warm>();
  for (const [command, runs] of Object.entries(commands)) {
    const to = join(dir, "cache"), plan = join(dir, "plan");
    await Deno.writeTextFile(plan, JSON.stringify({ command, runs, to } satisfies Recording));
    // Without the builder's own variables: the program has settings by such.
    const bare = ["env", "-i", `PATH=${Deno.env.get("PATH") ?? ""}`, recorder, plan];
    const { code, stderr } = await run("unshare", [...isolated(), ...bare]);
    if (code !== 0) {
      throw new KumaError(
        "KUMA-BUILD-001",
        `The warm-up of "${command}" exited with ${code}: ${stderr.trim().slice(0, 2000)}`,
      );
    }
    const recorded = JSON.parse(await Deno.readTextFile(`${to}.json`)) as Recorded;
    const caches = new Map<number, Uint8Array>();
    for (const index of recorded.stages) caches.set(index, await Deno.readFile(`${to}${index}`));
    warm.set(command, { caches, ...recorded });
  }
  return warm;
}
