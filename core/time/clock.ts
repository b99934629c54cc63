/**
 * Time as a value that is given, so that tests need not wait for it.
 *
 * @module
 */

/** What tells the time and waits. */
export interface Clock {
  /** Milliseconds that only go forward; no date. */
  now(): number;
  /** Milliseconds since 1970, for dates that others read. */
  wall(): number;
  /** Resolves after so many milliseconds, or sooner when the signal fires. It never rejects. */
  delay(ms: number, options?: { signal?: AbortSignal | undefined }): Promise<void>;
}

/**
 * Waits so many milliseconds, or until the signal fires: look at `signal.aborted` afterwards. Neither a timer
 * nor a listener is left.
 */
export function delay(
  ms: number,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  delay,
};

/** A clock that stands still until it is told to go on: for tests. */
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
