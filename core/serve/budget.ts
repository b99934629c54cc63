/**
 * How many bytes of requests may be in memory at once. Whoever reaches the port may send them, on a thousand
 * connections: without a bound, sixty bodies of 8 MiB took 0.6 GiB (measured), 680 of 128 KiB as much, and
 * the kernel ended the program.
 *
 * @module
 */
import { after, every } from "core/time/timer.ts";

/** An API server waits 10 s for its answer. */
const PATIENCE_MS = 5000;
/** How often is looked whether those who give way have gone. */
const AGAIN_MS = 50;

/** Bytes that requests take in the order in which they ask, and give back. */
export class Budget {
  readonly #patienceMs: number;
  readonly #giveWay: () => boolean;
  readonly #waiting: { readonly bytes: number; readonly go: (taken: boolean) => void }[] = [];
  #free: number;

  /**
   * @param total bytes
   * @param giveWay makes somebody give back what he has, now or soon; false where nobody will
   * @param patienceMs how long a request waits until it is refused
   */
  constructor(
    total: number,
    giveWay: () => boolean = () => false,
    patienceMs: number = PATIENCE_MS,
  ) {
    this.#free = total;
    this.#giveWay = giveWay;
    this.#patienceMs = patienceMs;
  }

  /** Bytes that nobody has. */
  get free(): number {
    return this.#free;
  }

  /** Takes so many bytes if they are there and nobody waits. */
  tryTake(bytes: number): boolean {
    if (this.#waiting.length > 0 || bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  /** Takes so many bytes; false where there is no room for too long. */
  async take(bytes: number): Promise<boolean> {
    if (this.tryTake(bytes)) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const one = { bytes, go: resolve };
    this.#waiting.push(one);
    using _patience = after(this.#patienceMs, () => {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      resolve(false);
      // Those behind it may have room.
      this.#serve();
    });
    using _again = every(AGAIN_MS, () => this.#serve());
    this.#serve();
    return await promise;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#free += bytes;
    this.#serve();
  }

  #serving = false;

  #serve(): void {
    // Who gives way gives back at once, which comes here again.
    if (this.#serving) return;
    this.#serving = true;
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      if (first.bytes > this.#free) {
        if (this.#giveWay()) continue;
        break;
      }
      this.#waiting.shift();
      this.#free -= first.bytes;
      first.go(true);
    }
    this.#serving = false;
  }
}
