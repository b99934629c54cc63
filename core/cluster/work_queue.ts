/**
 * Keys that wait to be worked on: each once, however often it was added, and never twice at the same time;
 * failures come again later and later. The queue of client-go's controllers.
 *
 * @module
 */
import { type Clock, systemClock } from "core/time/clock.ts";
import { ApiError } from "core/kube/api_error.ts";

/** How a queue behaves. */
export interface WorkQueueOptions {
  readonly clock?: Clock;
  /** Pause after the first failure of a key; it doubles with each. Default 500 ms. */
  readonly firstRetryMs?: number;
  /** The longest such pause. Default 60 s. */
  readonly lastRetryMs?: number;
}

/** How keys are worked on. */
export interface WorkOptions {
  /** How many keys at once. Default 1. */
  readonly concurrency?: number;
  /** Ends the work: no further key is begun. */
  readonly signal: AbortSignal;
  /** Told of each failure; the key is tried again in `retryMs`. */
  readonly failed: (key: string, thrown: unknown, retryMs: number) => void;
}

/**
 * Makes a key what it should be. What it throws brings the key again, later each time; a number that it gives
 * brings it again after so many milliseconds, as no failure. The signal says that everything ends.
 */
export type Work = (key: string, signal: AbortSignal) => Promise<number | void>;

/** How long keys are worked on in one turn of the event loop. */
const TURN_MS = 10;

/** One queue. */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #firstRetryMs: number;
  readonly #lastRetryMs: number;
  readonly #ready = new Set<string>();
  readonly #running = new Set<string>();
  /** Added while being worked on. */
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, { readonly at: number; readonly cancel: AbortController }>();
  readonly #failures = new Map<string, number>();
  readonly #idle: (() => void)[] = [];
  /** Until then no key is begun: the server has too much to do. */
  #pausedUntil = 0;
  #breakAt: number;

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#breakAt = this.#clock.now() + TURN_MS;
    this.#firstRetryMs = options.firstRetryMs ?? 500;
    this.#lastRetryMs = options.lastRetryMs ?? 60_000;
  }

  /** How many keys could be worked on now; for metrics. */
  get depth(): number {
    return this.#ready.size + this.#dirty.size;
  }

  /** How many keys come later. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** How many are being worked on. */
  get running(): number {
    return this.#running.size;
  }

  /** How often in a row a key has failed. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Adds a key, unless it waits already; one that is being worked on comes again afterwards. */
  add(key: string): void {
    this.#cancel(key);
    if (this.#running.has(key)) this.#dirty.add(key);
    else {
      this.#ready.add(key);
      this.#idle.shift()?.();
    }
  }

  /** Adds a key after so many milliseconds; the soonest of several counts. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) return this.add(key);
    const at = this.#clock.now() + ms;
    const present = this.#delayed.get(key);
    if (this.#ready.has(key) || present !== undefined && present.at <= at) return;
    this.#cancel(key);
    const cancel = new AbortController();
    this.#delayed.set(key, { at, cancel });
    void this.#clock.delay(ms, { signal: cancel.signal }).then(() => {
      if (!cancel.signal.aborted) this.add(key);
    });
  }

  /** Adds a key after the pause that its failures call for; returns that in milliseconds. */
  retry(key: string, atLeastMs = 0): number {
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    const pause = this.#firstRetryMs * 2 ** Math.min(failures - 1, 30);
    const ms = Math.max(Math.min(pause, this.#lastRetryMs), atLeastMs);
    this.addAfter(key, ms);
    return ms;
  }

  /** Forgets a key's failures. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Works on keys until the signal fires; resolves when the last work that was begun has ended. */
  async run(work: Work, options: WorkOptions): Promise<void> {
    const wakeAll = () => {
      for (const wake of this.#idle.splice(0)) wake();
    };
    options.signal.addEventListener("abort", wakeAll);
    try {
      const workers = Array.from(
        { length: options.concurrency ?? 1 },
        () => this.#worker(work, options),
      );
      await Promise.all(workers);
    } finally {
      options.signal.removeEventListener("abort", wakeAll);
      // No timer is left behind.
      for (const key of [...this.#delayed.keys()]) this.#cancel(key);
    }
  }

  async #worker(work: Work, options: WorkOptions): Promise<void> {
    while (!options.signal.aborted) {
      const pause = this.#pausedUntil - this.#clock.now();
      if (pause > 0) {
        await this.#clock.delay(pause, { signal: options.signal });
        continue;
      }
      const key = this.#ready.values().next().value;
      if (key === undefined) {
        await new Promise<void>((resolve) => this.#idle.push(resolve));
        continue;
      }
      this.#ready.delete(key);
      this.#running.add(key);
      await this.#process(key, work, options);
      this.#running.delete(key);
      if (this.#dirty.delete(key)) this.add(key);
      await this.#giveWay();
    }
  }

  /**
   * Work that waits for nothing follows upon work in one turn of the event loop, thousands of keys at a time: now and
   * then what else is due (a lease that has to be renewed) comes first.
   */
  async #giveWay(): Promise<void> {
    if (this.#clock.now() < this.#breakAt) return;
    await this.#clock.delay(0);
    this.#breakAt = this.#clock.now() + TURN_MS;
  }

  async #process(key: string, work: Work, { signal, failed }: WorkOptions): Promise<void> {
    try {
      const again = await work(key, signal);
      this.forget(key);
      if (typeof again === "number") this.addAfter(key, again);
    } catch (thrown) {
      // What was cut short by the end is no failure.
      if (signal.aborted) return;
      const asked = thrown instanceof ApiError ? thrown.retryAfter ?? 0 : 0;
      // Asked by one of its clients for a pause, the server is not asked by all other keys meanwhile.
      this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + asked);
      failed(key, thrown, this.retry(key, asked));
    }
  }

  #cancel(key: string): void {
    this.#delayed.get(key)?.cancel.abort();
    this.#delayed.delete(key);
  }
}
