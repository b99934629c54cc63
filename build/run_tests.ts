/**
 * `deno task test [suite…]`: set-up, build, then the suites one after the other with their output as it
 * comes. The last line on stdout is the sum: `N passed, N failed, N skipped`. Exit code 1 when a test failed
 * or none ran. The suite `unit` alone needs neither set-up nor build.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { build } from "./build.ts";
import { say } from "./io.ts";
import { addCounts, countOutput, countsLine } from "./counts.ts";
import type { Counts } from "./counts.ts";
import { hostArch } from "./pins.ts";
import { noteGo, setUp, TEST_NEEDS } from "./setup.ts";
import { chooseSuites, findSuites } from "./suites.ts";
import type { Suite } from "./suites.ts";
import { exitOnError, ROOT } from "./task.ts";

/** Runs one suite in a process of its own, its output as it comes, and counts; `root` is the checkout. */
export async function runSuite(root: string, suite: Suite): Promise<Counts> {
  say(`\nsuite ${suite.name}: ${suite.files.length} files`);
  // Types are checked by `deno task check`; here they would only cost time once more.
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "--allow-all", "--no-check"],
      // Unit tests share nothing outside their own process; the others share the machine.
      ...suite.name === "unit" ? ["--parallel"] : [],
      ...suite.files,
    ],
    cwd: root,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let end = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    for (let at = 0; at < chunk.length;) at += Deno.stdout.writeSync(chunk.subarray(at));
    end = (end + decoder.decode(chunk, { stream: true })).slice(-2000);
  }
  const counts = countOutput(end, (await child.status).code);
  say(`suite ${suite.name}: ${countsLine(counts)}`);
  return counts;
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
