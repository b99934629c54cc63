/**
 * How long to wait before another try.
 *
 * @module
 */

const FIRST_LIMIT_MS = 1000;
const LAST_LIMIT_MS = 30_000;

/**
 * Milliseconds to wait after so many failures in a row (1 or more): anything below a limit that doubles
 * from 1 s to 30 s. Full jitter, so that a restarted server is not met by everybody at once.
 */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const limit = Math.min(LAST_LIMIT_MS, FIRST_LIMIT_MS * 2 ** Math.min(failures - 1, 10));
  return random() * limit;
}
