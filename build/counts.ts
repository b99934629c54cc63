/**
 * Counts of tests, from the line in which `deno test` sums a run up. Its JUnit report was tried and does not
 * do: it lists steps as tests, forgets files that cannot be loaded, and files a test under the module
 * that registered it.
 *
 * @module
 */

/** How many tests passed, failed and were skipped; a test's steps are part of it. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Adds counts up. */
export function addCounts(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** The line that ends a test run. */
export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

const STEPS = String.raw`(?: \(\d+ steps?\))?`;
const SUMMARY = new RegExp(
  String.raw`^(?:ok|FAILED) \| (\d+) passed${STEPS} \| (\d+) failed${STEPS}` +
    String
      .raw`(?: \| (\d+) ignored${STEPS})?(?: \| \d+ measured)?(?: \| \d+ filtered out)? \([\dhms]+\)$`,
);

/**
 * The counts in what `deno test` printed on stdout, given all of it or its end, and its exit code. The
 * summary has to be the last line: without it the process died on the way, and that is one failure, as is a
 * non-zero exit without a failed test (a leak found at the end).
 */
export function countOutput(stdout: string, exitCode: number): Counts {
  // deno-lint-ignore no-control-regex
  const plain = stdout.replace(/\u001b\[[0-9;]*m/g, "").trimEnd();
  const match = SUMMARY.exec(plain.slice(plain.lastIndexOf("\n") + 1));
  if (match === null) return { passed: 0, failed: 1, skipped: 0 };
  const [passed = 0, failed = 0, skipped = 0] = match.slice(1).map((digits) => Number(digits ?? 0));
  return { passed, failed: exitCode === 0 ? failed : Math.max(failed, 1), skipped };
}
