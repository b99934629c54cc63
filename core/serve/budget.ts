/**
 * How much of large bodies may be in memory at once. Whoever reaches the port may send them, on a thousand
 * connections: without a bound, sixty took 0.6 GiB (measured) and the kernel would end the program.
 *
 * @module
 */

/** Bodies up to this size, which nearly all reviews have, wait for nobody. */
const SMALL = 128 * 1024;
const TOTAL = 64 * 1024 * 1024;
/** An API server waits 10 s for its answer. */
const PATIENCE_MS = 5000;

/** Gives back what was taken. */
export type Release = () => void;

const NOTHING: Release = () => {};

/** Bytes that requests take in the order in which they ask, and give back. */
export class Budget {
  readonly #patienceMs: number;
  readonly #waiting: { readonly bytes: number; readonly go: (release: Release) => void }[] = [];
  #free: number;

  constructor(total: number = TOTAL, patienceMs: number = PATIENCE_MS) {
    this.#free = total;
    this.#patienceMs = patienceMs;
  }

  /** Takes so many bytes; `undefined` where there is no room for too long. */
  take(bytes: number): Promise<Release | undefined> {
    if (bytes <= SMALL) return Promise.resolve(NOTHING);
    return new Promise((resolve) => {
      const one = { bytes, go: resolve };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        resolve(undefined);
        // Those behind it may have room.
        this.#serve();
      }, this.#patienceMs);
      one.go = (release) => {
        clearTimeout(timer);
        resolve(release);
      };
      this.#waiting.push(one);
      this.#serve();
    });
  }

  #serve(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const { bytes, go } = first;
      if (bytes > this.#free) return;
      this.#waiting.shift();
      this.#free -= bytes;
      go(() => {
        this.#free += bytes;
        this.#serve();
      });
    }
  }
}
