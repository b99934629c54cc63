/**
 * Waiting for something that changes, without asking again and again.
 *
 * @module
 */

/**
 * Waits until `test` gives something other than undefined or false.
 *
 * @param listen Has a function called after each change; returns how to end that.
 * @param test Asked at once and after each change.
 * @returns what `test` gave; undefined when the signal fires first. Rejects with what `test` throws.
 */
export function untilChanged<T>(
  listen: (changed: () => void) => () => void,
  test: () => T | undefined | false,
  signal: AbortSignal,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = listen(look);
    const end = () => {
      stop();
      signal.removeEventListener("abort", aborted);
    };
    function aborted() {
      end();
      resolve(undefined);
    }
    function look() {
      try {
        const found = test();
        if (found === undefined || found === false) return false;
        end();
        resolve(found);
      } catch (thrown) {
        end();
        reject(thrown);
      }
      return true;
    }
    signal.addEventListener("abort", aborted);
    if (!look() && signal.aborted) aborted();
  });
}
