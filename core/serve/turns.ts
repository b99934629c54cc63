/**
 * Turns for work that holds the only thread for long: between two such pieces everything else that is ready
 * is done, so that no number of them keeps `/healthz` waiting for longer than one of them.
 *
 * @module
 */

/** Gives turns in the order in which they are asked for. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is one's turn. The work has to begin at once. */
  take(): Promise<void> {
    // A timer, not a microtask: what came over the network in the meantime is read before it.
    this.#last = this.#last.then(() => new Promise((resolve) => setTimeout(resolve, 0)));
    return this.#last;
  }
}
