/**
 * How often something may be: a burst, then so many a second (a token bucket).
 *
 * @module
 */

/** One bucket. */
export class Rate {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(burst: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = burst;
    this.#at = now();
  }

  /** Whether it may be once more; then it counts. */
  take(): boolean {
    const now = this.#now();
    const more = (now - this.#at) / 1000 * this.#perSecond;
    this.#left = Math.min(this.#burst, this.#left + more);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Milliseconds until it may be once more, as of the last {@linkcode take}; 0 for now. */
  get waitMs(): number {
    return Math.max(0, Math.ceil((1 - this.#left) / this.#perSecond * 1000));
  }
}
