/**
 * The end: stay in place for the next installer, or take everything away again.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { removeIfThere, syncDirectory } from "core/host/atomic_file.ts";
import type { Logger } from "core/log/logger.ts";
import { delay } from "core/time/clock.ts";
import { decideEnding, type Ending } from "./daemonset.ts";
import type { Places } from "./program/places.ts";
import { removeProgram } from "./program.ts";
import { revertAll } from "./netdir/revert.ts";
import type { Settings } from "./settings/settings.ts";

/** The chart gives five seconds between SIGTERM and SIGKILL. */
const DECIDE_WITHIN_MS = 3000;

/** A runtime reloads its config some milliseconds after it changed; until then it still calls the plugin. */
const RUNTIME_RELOADS_WITHIN_MS = 500;

/** Decides and does it; each step's failure is logged and never thrown. */
export async function leave(
  settings: Settings,
  places: Places,
  dirs: readonly string[],
  log: Logger,
): Promise<Ending> {
  const tooLate = delay(DECIDE_WITHIN_MS).then((): Ending => ({
    remove: false,
    reason: "the API server did not answer in time",
  }));
  const ending = await Promise.race([decideEnding(settings), tooLate]);
  if (!ending.remove) {
    log.info("leaving everything in place: pods keep starting", { reason: ending.reason });
    removeIfThere(settings.readyFile);
    return ending;
  }
  log.info("removing the plugin from this node", { reason: ending.reason });
  await remove(settings, places, dirs, log);
  return ending;
}

/**
 * Config first, then program, then kubeconfig: a chain that names a program which is gone fails every
 * pod. So where the config could not be restored, program and kubeconfig stay.
 */
async function remove(
  settings: Settings,
  places: Places,
  dirs: readonly string[],
  log: Logger,
): Promise<void> {
  removeIfThere(settings.readyFile);
  let clean = false;
  try {
    clean = revertAll(places, log);
  } catch (error) {
    log.error("could not look at the net dir", { error: errorText(error) });
  }
  if (!clean) {
    log.error("the chain still names the plugin: its program and kubeconfig stay");
    return;
  }
  await delay(RUNTIME_RELOADS_WITHIN_MS);
  for (const dir of dirs) attempt(`program in ${dir}`, () => removeProgram(dir), log);
  attempt("kubeconfig", () => removeIfThere(places.kubeconfig), log);
  attempt("state folder", () => Deno.removeSync(places.state, { recursive: true }), log);
  attempt("net dir", () => syncDirectory(places.netDir), log);
  log.info("the node is as it was");
}

function attempt(what: string, step: () => void, log: Logger): void {
  try {
    step();
  } catch (error) {
    log.error("could not remove", { what, error: errorText(error) });
  }
}
