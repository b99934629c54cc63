/**
 * Checking again until all is well.
 *
 * @module
 */
import type { Clock } from "core/time/clock.ts";
import type { Report } from "./run.ts";
import { resultOf, resultsOf } from "./tally.ts";

/** How long to wait, and who is told meanwhile. */
export interface WaitOptions {
  readonly limitMs: number;
  readonly clock: Clock;
  /** Told after each look that did not find all well; `leftMs` until the last one. */
  readonly progress?: (report: Report, leftMs: number) => void;
}

/** Pauses between two looks, milliseconds: each is half as long again as the one before. */
const FIRST_PAUSE_MS = 500, LONGEST_PAUSE_MS = 5_000;

/**
 * Looks until all is well, or until the time is over; gives the last report. It also ends where all that is not well is
 * what this user may not look at: waiting does not change that. Without a limit it looks once.
 */
export async function checkUntilWell(
  look: () => Promise<Report>,
  { limitMs, clock, progress }: WaitOptions,
): Promise<Report> {
  const end = clock.now() + limitMs;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const report = await look();
    const left = end - clock.now();
    if (left <= 0 || !mayBecomeWell(report)) return report;
    progress?.(report, left);
    await clock.delay(Math.min(pause, left));
    pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5);
  }
}

function mayBecomeWell(report: Report): boolean {
  if (resultOf(report) === "ok") return false;
  const open = resultsOf(report).filter(({ status }) =>
    status === "failed" || status === "unknown"
  );
  return open.some(({ lasting }) => lasting !== true);
}
