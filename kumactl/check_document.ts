/**
 * What `kumactl check` prints for programs.
 *
 * @module
 */
import type { Report, SectionResult } from "core/check/run.ts";
import { type Result, resultOf, type Tally, tallyOf } from "core/check/tally.ts";
import type { Document } from "core/program/output.ts";

/** The answer to all checks that apply. */
export interface CheckDocument extends Document {
  readonly schema: "kuma.io/kumactl-check/v1";
  /** `failed` (exit code 1) where any check is; else `incomplete` (2) where not all could be looked at; else `ok` (0). */
  readonly result: Result;
  /** How many checks ended in which way. */
  readonly counts: Tally;
  /** In the order in which they were looked at; what does not apply is left out. */
  readonly sections: readonly SectionResult[];
}

/** The document of a report. */
export function checkDocument(report: Report): CheckDocument {
  return {
    schema: "kuma.io/kumactl-check/v1",
    result: resultOf(report),
    counts: tallyOf(report),
    sections: report.sections,
  };
}
