/**
 * Turns for work that holds the only thread for long and makes much of little: one at a time, and after each a
 * pause as long as it took, in which everything else is done. A new connection needs a dozen rounds of the
 * event loop until it is answered: were there one piece of work in each of them, `/healthz` would wait for a
 * dozen.
 *
 * @module
 */
import { delay } from "core/time/clock.ts";

/** Longer is no pause: that is enough for some hundred small requests. */
const LONGEST_PAUSE_MS = 250;

/** Gives turns in the order in which they are asked for. */
export class Turns {
  #free: Promise<void> = Promise.resolve();

  /** Resolves when it is one's turn, with what ends it. */
  async take(): Promise<() => void> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const before = this.#free;
    let began = 0;
    this.#free = ended.then(() => delay(Math.min(performance.now() - began, LONGEST_PAUSE_MS)));
    await before;
    // A timer, not a microtask: what came over the network in the meantime is read before it.
    await delay(0);
    began = performance.now();
    return end;
  }
}
