/**
 * What goes wrong again and again, told once in a while: a flood of requests must not be one of the log.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";

/** Reasons that are told apart; more of them are "others". */
const MOST_REASONS = 30;

/** Reasons and how often each was. */
export class Complaints {
  readonly #log: Logger;
  readonly #counts = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Notes a reason, which should be one of few: without names or numbers of the request. */
  note(reason: string, times = 1): void {
    const known = this.#counts.has(reason) || this.#counts.size < MOST_REASONS;
    const key = known ? reason : "others";
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + times);
  }

  /** Logs what came together. */
  tell(): void {
    for (const [reason, times] of this.#counts) {
      this.#log.warn("connections in trouble", { reason, times });
    }
    this.#counts.clear();
  }
}
