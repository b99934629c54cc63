/**
 * Waits for a file's writer to finish. A writer that does not rename may have written a whole JSON object and
 * still owe the last line break: what it writes after our swap would go to the file that is gone.
 *
 * @module
 */
import type { Look } from "./look.ts";

/** A file that nobody has written to for so long is finished, in milliseconds. */
export const QUIET_MS = 25;

/** A file that never gets quiet is changed all the same after so long, in milliseconds. */
export const LONGEST_WAIT_MS = 250;

/** Remembers since when there has been no quiet. */
export class Quiet {
  #since: number | undefined;

  /**
   * Milliseconds to wait before the file of the plan is changed; 0 when it is quiet, or was not for too
   * long. `now` is in milliseconds since the epoch, as file times are.
   */
  wait(seen: Look, now: number): number {
    const { plan, files } = seen;
    const name = plan.action === "convert" ? plan.from : plan.action === "edit" ? plan.file : "";
    const modified = files.find((file) => file.name === name)?.snapshot?.modified;
    const age = modified === undefined ? Infinity : now - modified;
    // A time in the future comes from a clock that was set back: it says nothing.
    if (age < 0 || age >= QUIET_MS) {
      this.#since = undefined;
      return 0;
    }
    this.#since ??= now;
    return now - this.#since >= LONGEST_WAIT_MS ? 0 : QUIET_MS - age;
  }
}
