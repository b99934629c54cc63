/**
 * How a refused value is shown: short and in one line, whatever it holds.
 *
 * @module
 */
import { type ErrorCode, KumaError, oneLine } from "core/errors.ts";

/** Characters of a refused value that are shown at most. */
const SHOWN = 60;

/** The value as an error message may show it: one line, at most `limit` characters and an ellipsis. */
export function shown(value: string, limit: number = SHOWN): string {
  const head = value.length > limit ? `${value.slice(0, limit)}…` : value;
  return oneLine(head.toWellFormed());
}

/**
 * Runs `work`; a {@linkcode KumaError} out of it comes back with `prefix` before its message and with
 * the code and hint it had, so that each layer adds where it happened.
 */
export function within<T>(prefix: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw prefixed(prefix, thrown);
  }
}

/** What {@linkcode within} throws for `thrown`; anything but a {@linkcode KumaError} is kept as it is. */
export function prefixed(prefix: string, thrown: unknown): unknown {
  if (!(thrown instanceof KumaError)) return thrown;
  const options = thrown.hint === undefined ? {} : { hint: thrown.hint };
  return new KumaError(thrown.code, `${prefix}${thrown.message}`, { ...options, cause: thrown });
}

/** An error about one value; `reason` says what is wrong and already shows the value. */
export function refused(code: ErrorCode, reason: string, hint?: string): KumaError {
  return new KumaError(code, reason, hint === undefined ? {} : { hint });
}
