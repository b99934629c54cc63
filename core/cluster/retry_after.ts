/**
 * `Retry-After`: how long an API server that is overloaded (API Priority and Fairness answers 429) or ending
 * (503) wants to be left in peace.
 *
 * @module
 */

/** More asks for no pause that a server of the cluster would ask for; such a value is passed over. */
const LONGEST_S = 3600;

/**
 * The pause in milliseconds; undefined where there is no header, or one that says nothing sensible.
 *
 * @param text the header: whole seconds, or a date in the one form that RFC 9110 lets a server send
 * @param now milliseconds since 1970, which a date is compared with
 */
export function parseRetryAfter(text: string | null, now = Date.now()): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : dateOf(text) - now;
  return ms >= 0 && ms <= LONGEST_S * 1000 ? ms : undefined;
}

/** NaN for what is no date, or written in another way. */
function dateOf(text: string): number {
  const date = new Date(text);
  return date.toUTCString() === text ? date.getTime() : NaN;
}
