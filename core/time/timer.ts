/**
 * What is to happen later, unless something comes before it: always with a way to call it off, so that no timer
 * outlives what it was for.
 *
 * @module
 */

/** Something that will be done; disposing of it calls it off. */
export interface Timer extends Disposable {
  /** Calls it off as it was, and sets it anew, so many milliseconds from now. */
  again(ms: number): void;
}

/** Does `action` once, so many milliseconds from now. */
export function after(ms: number, action: () => void): Timer {
  let id = setTimeout(action, ms);
  return {
    again(next) {
      clearTimeout(id);
      id = setTimeout(action, next);
    },
    [Symbol.dispose]: () => clearTimeout(id),
  };
}

/** Does `action` every so many milliseconds, first in so many. */
export function every(ms: number, action: () => void): Disposable {
  const id = setInterval(action, ms);
  return { [Symbol.dispose]: () => clearInterval(id) };
}

/** A signal that a {@linkcode Deadline} gives. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that fires in so many milliseconds with what `reason` makes then. Other than the timer of
 * `AbortSignal.timeout`, this one can be called off: a pending timer would keep the process alive.
 */
export function deadline(ms: number, reason: () => unknown): Deadline {
  const controller = new AbortController();
  const timer = after(ms, () => controller.abort(reason()));
  return { signal: controller.signal, [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
