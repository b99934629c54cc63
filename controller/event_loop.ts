/**
 * How long the one thread that everything runs on was busy with one thing.
 *
 * @module
 */
import { every } from "core/time/timer.ts";

const EVERY_MS = 50;

/** A running look at the event loop; disposing of it ends it. */
export class EventLoop implements Disposable {
  #due = performance.now() + EVERY_MS;
  #cpu = threadCpuMs();
  #most = 0;
  readonly #timer: Disposable;

  constructor() {
    this.#timer = every(EVERY_MS, () => this.#look());
  }

  /**
   * The longest so far that a timer came late while the thread worked, in seconds. A machine that gives it no CPU
   * delays it as well; that is not counted where the kernel tells how much CPU time the thread had.
   */
  get blockedSeconds(): number {
    return this.#most / 1000;
  }

  #look(): void {
    const now = performance.now();
    const cpu = threadCpuMs();
    const worked = cpu === undefined || this.#cpu === undefined ? Infinity : cpu - this.#cpu;
    this.#most = Math.max(this.#most, Math.min(now - this.#due, worked));
    this.#due = now + EVERY_MS;
    this.#cpu = cpu;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}

/** CPU time of this thread so far (proc_pid_schedstat: nanoseconds first); undefined where there is no such file. */
function threadCpuMs(): number | undefined {
  try {
    const text = Deno.readTextFileSync("/proc/thread-self/schedstat");
    return Number(text.split(" ")[0]) / 1e6;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
