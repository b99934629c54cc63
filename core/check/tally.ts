/**
 * What a report amounts to: counts and an exit code.
 *
 * @module
 */
import type { Status } from "./outcome.ts";
import type { CheckResult, Report } from "./run.ts";

/** How many checks ended in which way. */
export type Tally = Readonly<Record<Status, number>>;

/** What all of it means: something is wrong, all that was looked at is good, or not all could be. */
export type Result = "ok" | "failed" | "incomplete";

/** Exit codes of a check. */
export const EXIT_CODES: Readonly<Record<Result, number>> = { ok: 0, failed: 1, incomplete: 2 };

/** All checks of a report, whatever their section. */
export function resultsOf({ sections }: Report): CheckResult[] {
  return sections.flatMap(({ checks }) => checks);
}

/** Counts the checks of a report. */
export function tallyOf(report: Report): Tally {
  const tally = { ok: 0, warning: 0, failed: 0, unknown: 0 };
  for (const { status } of resultsOf(report)) tally[status]++;
  return tally;
}

/**
 * `failed` where anything is; else `incomplete` where anything could not be looked at, or there was nothing to look
 * at; else `ok`. Warnings are no failures.
 */
export function resultOf(report: Report): Result {
  const { ok, warning, failed, unknown } = tallyOf(report);
  if (failed > 0) return "failed";
  return unknown > 0 || ok + warning === 0 ? "incomplete" : "ok";
}

/** `14 ok, 1 warning, 2 failed, 3 could not be looked at`; what there is none of is left out. */
export function tallyText(tally: Tally): string {
  const parts = [
    `${tally.ok} ok`,
    tally.warning === 0 ? "" : `${tally.warning} warning${tally.warning === 1 ? "" : "s"}`,
    tally.failed === 0 ? "" : `${tally.failed} failed`,
    tally.unknown === 0 ? "" : `${tally.unknown} could not be looked at`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}
