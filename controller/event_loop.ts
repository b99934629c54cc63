/**
 * How long the one thread that everything runs on was busy with one thing.
 *
 * @module
 */
import process from "node:process";
import { every } from "core/time/timer.ts";

const EVERY_MS = 50;

/** A running look at the event loop; disposing of it ends it. */
export class EventLoop implements Disposable {
  #due = performance.now() + EVERY_MS;
  #cpu = process.threadCpuUsage();
  #most = 0;
  readonly #timer: Disposable;

  constructor() {
    this.#timer = every(EVERY_MS, () => this.#look());
  }

  /**
   * The longest so far that a timer came late while the program worked, in seconds. A machine that gives it no CPU
   * delays it as well, and is not counted: nobody is late for longer than the CPU time that the thread had.
   */
  get blockedSeconds(): number {
    return this.#most / 1000;
  }

  #look(): void {
    const now = performance.now();
    const { user, system } = process.threadCpuUsage(this.#cpu);
    this.#most = Math.max(this.#most, Math.min(now - this.#due, (user + system) / 1000));
    this.#due = now + EVERY_MS;
    this.#cpu = process.threadCpuUsage();
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
