/**
 * Has a program's common commands run once, in namespaces of their own, for the bytecode that V8 makes of them.
 *
 * @module
 */
import { join } from "node:path";
import { KumaError } from "core/errors.ts";
import { run } from "../io.ts";
import type { WarmRuns } from "../components.ts";
import type { Recording } from "./recorder.ts";

/** What came of the runs. */
export interface Warm {
  readonly caches: ReadonlyMap<string, Uint8Array>;
  /** Modules that were needed and are not in the common half, by name: `./x.js`. */
  readonly loaded: ReadonlySet<string>;
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
  const { code, stderr } = await run("unshare", [...isolated(), "true"]);
  return code === 0 ? undefined : stderr.trim() || `unshare ended with ${code}`;
}

/**
 * Runs the commands of each group in one process.
 *
 * @param recorder the compiled recorder
 * @throws {KumaError} `KUMA-BUILD-001` where one fails: what it said
 */
export async function warmUp(recorder: string, groups: WarmRuns, dir: string): Promise<Warm> {
  const caches = new Map<string, Uint8Array>();
  const loaded = new Set<string>();
  for (const [index, [command, runs]] of Object.entries(groups).entries()) {
    const to = join(dir, `cache-${index}`);
    const plan = `${to}.json`;
    await Deno.writeTextFile(plan, JSON.stringify({ runs, to } satisfies Recording));
    // Without the builder's own variables: the program has settings by such.
    const bare = ["env", "-i", `PATH=${Deno.env.get("PATH") ?? ""}`, recorder, plan];
    const { code, stderr } = await run("unshare", [...isolated(), ...bare]);
    if (code !== 0) {
      throw new KumaError(
        "KUMA-BUILD-001",
        `The warm-up of "${command}" exited with ${code}: ${stderr.trim().slice(0, 2000)}`,
      );
    }
    caches.set(command, await Deno.readFile(to));
    const names = JSON.parse(await Deno.readTextFile(`${to}.loaded`)) as string[];
    for (const name of names) loaded.add(name);
  }
  return { caches, loaded };
}
