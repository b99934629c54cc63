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
