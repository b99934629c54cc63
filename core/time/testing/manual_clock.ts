/**
 * A clock for tests.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #wallAtStart: number;
  readonly #waiting = new Set<{ readonly at: number; readonly end: () => void }>();

  /** @param wall Milliseconds since 1970 at the beginning. */
  constructor(wall = 1_700_000_000_000) {
    this.#wallAtStart = wall;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wallAtStart + this.#now;
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  delay(ms: number, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = { at: this.#now + Math.max(0, ms), end: () => {} };
      waiter.end = () => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener("abort", waiter.end);
        resolve();
      };
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", waiter.end);
    });
  }

  /** Lets time pass; whoever waits is woken in order, and what they then wait for counts too. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = [...this.#waiting].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#now = next.at;
      next.end();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
