/**
 * Counts of tests from the JUnit report that `deno test --junit-path` writes.
 *
 * Deno reports each step as a test case of its own, "test > step"; only whole tests are counted here. A file
 * that could not be loaded, or whose process died, has no entry at all, so the files that were asked for
 * are compared with those reported.
 *
 * @module
 */

/** How many tests passed, failed and were skipped. */
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

/**
 * Counts the tests of a report. `files` are the test files that were run, as `./…` paths from where
 * `deno test` ran; each of them that the report does not know counts as one failure. An empty text (the process
 * died before it wrote a report) makes all of them fail.
 */
export function countReport(xml: string, files: string[]): Counts {
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const reported = new Set<string>();
  for (const suite of xml.split("<testsuite ").slice(1)) {
    reported.add(attribute(suite, "name"));
    counts = addCounts(counts, countSuite(suite));
  }
  counts.failed += files.filter((file) => !reported.has(file)).length;
  return counts;
}

function countSuite(suite: string): Counts {
  const cases = suite.split("<testcase ").slice(1).map((text) => ({
    name: attribute(text, "name"),
    failed: /<(failure|error)[ >/]/.test(text),
    skipped: text.includes("<skipped"),
  }));
  const names = new Set(cases.map(({ name }) => name));
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, failed, skipped } of cases) {
    if (isStep(name, names)) continue;
    if (failed) counts.failed++;
    else if (skipped) counts.skipped++;
    else counts.passed++;
  }
  return counts;
}

/** A step's name is that of another test case, " > ", and its own. */
function isStep(name: string, names: Set<string>): boolean {
  const separator = " &gt; ";
  for (let at = name.indexOf(separator); at >= 0; at = name.indexOf(separator, at + 1)) {
    if (names.has(name.slice(0, at))) return true;
  }
  return false;
}

/** An attribute's value, still escaped; inside one, `"` and `<` are always escaped. */
function attribute(element: string, name: string): string {
  return new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(element)?.[1] ?? "";
}
