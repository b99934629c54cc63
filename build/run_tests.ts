/**
 * `deno task test [suite…]`: set-up, build, then the suites one after the other with their output as it
 * comes. The last line on stdout is the sum: `N passed, N failed, N skipped`. Exit code 1 when a test failed
 * or none ran. The suite `unit` alone needs neither set-up nor build.
 *
 * @module
 */
import { join } from "node:path";
import { errorText, KumaError } from "core/errors.ts";
import { build } from "./build.ts";
import { exists, say, withTempDir } from "./io.ts";
import { addCounts, countReport, countsLine } from "./junit.ts";
import type { Counts } from "./junit.ts";
import { hostArch } from "./pins.ts";
import { noteGo, setUp, TEST_NEEDS } from "./setup.ts";
import { chooseSuites, findSuites } from "./suites.ts";
import type { Suite } from "./suites.ts";
import { exitOnError, ROOT } from "./task.ts";

/** Runs one suite in a process of its own and counts its tests; `root` is the checkout. */
export async function runSuite(root: string, suite: Suite): Promise<Counts> {
  say(`\nsuite ${suite.name}: ${suite.files.length} files`);
  return await withTempDir(async (dir) => {
    const report = join(dir, "report.xml");
    // Types are checked by `deno task check`; here they would only cost time once more.
    const args = ["test", "--allow-all", "--no-check", `--junit-path=${report}`, ...suite.files];
    const { code } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: root,
      stdin: "null",
    }).spawn().status;
    const xml = await exists(report) ? await Deno.readTextFile(report) : "";
    const counts = countReport(xml, suite.files);
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    say(`suite ${suite.name}: ${countsLine(counts)}`);
    return counts;
  });
}

/** True when the counts are those of a good run: something ran and nothing failed. */
export function isGood({ passed, failed }: Counts): boolean {
  return passed > 0 && failed === 0;
}

async function main(names: string[]): Promise<void> {
  const flag = names.find((name) => name.startsWith("-"));
  if (flag !== undefined) {
    throw new KumaError("KUMA-BUILD-007", `Cannot test: the flag "${flag}" is unknown`, {
      hint: "usage: deno task test [suite…]",
    });
  }
  const suites = chooseSuites(await findSuites(ROOT), names);
  let sum: Counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    if (suites.some(({ name }) => name !== "unit")) {
      await setUp(TEST_NEEDS);
      await noteGo();
      await build(ROOT, { names: [], arch: hostArch() });
    }
    for (const suite of suites) sum = addCounts(sum, await runSuite(ROOT, suite));
  } catch (error) {
    // Set-up or build failed: the reason first, so that the sum is the last line here too.
    sum.failed++;
    say(`error: ${errorText(error)}`);
  }
  Deno.stdout.writeSync(new TextEncoder().encode(`${countsLine(sum)}\n`));
  if (!isGood(sum)) Deno.exit(1);
}

if (import.meta.main) await exitOnError(() => main(Deno.args));
