/**
 * How often one Dataplane is written: somebody else may change it each time that we do, and a pod may become ready
 * and unready without an end. Neither is to keep the API server busy.
 *
 * @module
 */
import { type Clock, systemClock } from "core/time/clock.ts";

/** Writes at once, and how long it takes until there may be one more. */
const BURST = 10;
const REFILL_MS = 2000;

/** A bucket of writes for each Dataplane. */
export class WriteBudget {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { readonly left: number; readonly at: number }>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Takes one write: 0 where it may be done, else the milliseconds until it may. */
  take(key: string): number {
    const now = this.#clock.now();
    const { left, at } = this.#buckets.get(key) ?? { left: BURST, at: now };
    const filled = Math.min(BURST, left + (now - at) / REFILL_MS);
    if (filled < 1) return Math.ceil((1 - filled) * REFILL_MS);
    this.#buckets.set(key, { left: filled - 1, at: now });
    return 0;
  }

  /** Forgets a pod that is gone. */
  forget(key: string): void {
    this.#buckets.delete(key);
  }
}
