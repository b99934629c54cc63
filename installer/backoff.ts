/**
 * How often we may put our entry back when another agent keeps taking it out.
 *
 * The first few rounds are answered at once. From then on each one waits twice as long as the one before: two
 * agents that answer each other's writes at once would load the node's runtime for ever. An agent that writes
 * though we do not is of another kind: it ends by itself, and then nothing is waited for any more.
 *
 * @module
 */

/** Rounds within {@linkcode CALM_MS} that are answered at once. */
export const FREE_ROUNDS = 5;

/** A time without a round after which all is forgotten, in milliseconds. */
export const CALM_MS = 60_000;

/** An agent that has written by itself, and not for so long, is taken to have ended, in milliseconds. */
export const ENDED_MS = 700;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** Counts rounds; times are milliseconds of any steady clock. */
export class BackOff {
  #rounds = 0;
  #last = -Infinity;
  /** What the file was when it was last looked at since our own write, and when it came to be so. */
  #seen: { readonly version: string; readonly at: number } | undefined;
  /** The other agent wrote while we held back. */
  #writesByItself = false;

  /** Notes what the file is while writes are held back: text that is another one after each change. */
  saw(version: string, now: number): void {
    if (version === this.#seen?.version) return;
    // The first look after our write shows the answer to it.
    if (this.#seen !== undefined) this.#writesByItself = true;
    this.#seen = { version, at: now };
  }

  /** Milliseconds to wait before the next write. */
  pause(now: number): number {
    const ended = this.#writesByItself && now - (this.#seen?.at ?? now) >= ENDED_MS;
    if (ended) this.#rounds = 0;
    if (now - this.#last > CALM_MS) this.#rounds = 0;
    if (this.#rounds < FREE_ROUNDS) return 0;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#rounds - FREE_ROUNDS));
    return Math.max(0, this.#last + pause - now);
  }

  /** Notes a write; true when it is the one from which on there are pauses: time for a hint. */
  wrote(now: number): boolean {
    if (now - this.#last > CALM_MS) this.#rounds = 0;
    this.#last = now;
    this.#seen = undefined;
    this.#writesByItself = false;
    this.#rounds += 1;
    return this.#rounds === FREE_ROUNDS;
  }

  /** Whether writes are being held back. */
  get fighting(): boolean {
    return this.#rounds >= FREE_ROUNDS;
  }
}
