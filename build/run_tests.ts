/**
 * `deno task test [suite…]`: set-up, build, then the suites, in two rows beside each other. The last line on stdout is the sum: `N passed, N failed, N skipped`. Exit code 1 when a test failed
 * or none ran. The suite `unit` alone needs neither set-up nor build.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { build } from "./build.ts";
import { say, withTempDir } from "./io.ts";
import { addCounts, countOutput, countsLine } from "./counts.ts";
import type { Counts } from "./counts.ts";
import { hostArch } from "./pins.ts";
import { needsOf, noteGo, setUp } from "./setup.ts";
import { chooseSuites, findSuites, rowsOf } from "./suites.ts";
import type { Rows, Suite } from "./suites.ts";
import { exitOnError, ROOT } from "./task.ts";
import { writeBatches } from "./unit_batches.ts";

/** Takes what a suite prints on standard output. */
type Sink = (chunk: Uint8Array) => void;

/** Passes it on as it comes. */
const onward: Sink = (chunk) => {
  for (let at = 0; at < chunk.length;) at += Deno.stdout.writeSync(chunk.subarray(at));
};

/** Runs one suite in a process of its own, and counts; `root` is the checkout. */
async function runSuite(root: string, suite: Suite, sink: Sink = onward): Promise<Counts> {
  if (suite.name !== "unit") return await runFiles(root, suite.files, {}, sink);
  // Unit tests share nothing outside their own process; the others share the machine.
  return await withTempDir(async (dir) => {
    const modules = await writeBatches(root, suite.files, dir);
    // Some only wait: one more than there are processors keeps these busy.
    const jobs = Deno.env.get("DENO_JOBS") ?? String(navigator.hardwareConcurrency + 1);
    return await runFiles(root, ["--parallel", ...modules], { DENO_JOBS: jobs }, sink);
  });
}

async function runFiles(
  root: string,
  files: readonly string[],
  env: Record<string, string>,
  sink: Sink,
): Promise<Counts> {
  // Types are checked by `deno task check`; here they would only cost time once more.
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-check", ...files],
    cwd: root,
    env,
    stdin: "null",
    stdout: "piped",
    // What a sink keeps back must not be mixed with what other suites say.
    stderr: sink === onward ? "inherit" : "piped",
  }).spawn();
  const said = sink === onward ? undefined : passOn(child.stderr, sink);
  let end = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    sink(chunk);
    end = (end + decoder.decode(chunk, { stream: true })).slice(-2000);
  }
  await said;
  return countOutput(end, (await child.status).code);
}

async function passOn(stream: ReadableStream<Uint8Array>, sink: Sink): Promise<void> {
  for await (const chunk of stream) sink(chunk);
}

/** Runs the suites and gives the sum of their counts; `programs` are being built already, unless suites run alone first. */
async function runSuites(root: string, rows: Rows, programs?: Programs): Promise<Counts> {
  const { first, front, beside, patient } = rows;
  const sum = await oneByOne(root, first);
  if (front.length === 0) return sum;
  using begun = programs === undefined ? prepare(root, [...front, ...beside]) : undefined;
  if (beside.length === 0) return addCounts(sum, await oneByOne(root, front));
  say(
    `\nbeside the others, told of when they have ended: ${
      beside.map(({ name }) => name).join(", ")
    }`,
  );
  const ended: string[] = [];
  const built = patient ? (programs ?? begun)?.built : undefined;
  const lane = Promise.resolve(built).then(() => keptBack(root, beside, ended));
  let counts = sum;
  for (const suite of front) {
    counts = addCounts(counts, await oneByOne(root, [suite]));
    tell(ended);
  }
  counts = addCounts(counts, await lane);
  tell(ended);
  return counts;
}

/** Programs that are being built; the build ends where it is disposed of. */
interface Programs extends Disposable {
  /** When it has ended, however. */
  readonly built: Promise<unknown>;
}

/** Begins to build the Go programs that the suites use; what is not built when a suite asks for it makes it wait. */
function prepare(root: string, suites: readonly Suite[]): Programs {
  const names = suites.map(({ name }) => name);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "tests/prepare.ts", ...names],
    cwd: root,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let running = true;
  const built = child.status.then(() => running = false);
  return {
    built,
    [Symbol.dispose]: () => {
      if (running) child.kill("SIGTERM");
    },
  };
}

async function oneByOne(root: string, suites: readonly Suite[]): Promise<Counts> {
  let sum: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of suites) {
    say(begin(suite));
    const counts = await runSuite(root, suite);
    say(end(suite, counts));
    sum = addCounts(sum, counts);
  }
  return sum;
}

/** As {@linkcode oneByOne}; what each prints is put to `ended` as a whole. */
async function keptBack(root: string, suites: readonly Suite[], ended: string[]): Promise<Counts> {
  let sum: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of suites) {
    const decoder = new TextDecoder();
    let text = "";
    const counts = await runSuite(root, suite, (chunk) => {
      text += decoder.decode(chunk, { stream: true });
    }).catch((error: unknown) => {
      text += `error: ${errorText(error)}\n`;
      return { passed: 0, failed: 1, skipped: 0 };
    });
    ended.push(`${begin(suite)}\n${text}${end(suite, counts)}\n`);
    sum = addCounts(sum, counts);
  }
  return sum;
}

function tell(ended: string[]): void {
  for (const text of ended.splice(0)) onward(new TextEncoder().encode(text));
}

const begin = ({ name, files }: Suite) => `\nsuite ${name}: ${files.length} files`;
const end = ({ name }: Suite, counts: Counts) => `suite ${name}: ${countsLine(counts)}`;

/** True when the counts are those of a good run: something ran and nothing failed. */
function isGood({ passed, failed }: Counts): boolean {
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
    // What has the machine for itself is not to be disturbed: then the programs wait until it has ended.
    const rows = rowsOf(suites);
    using programs = rows.first.length > 0 ? undefined : prepare(ROOT, suites);
    if (suites.some(({ name }) => name !== "unit")) {
      await setUp(needsOf(suites.map(({ name }) => name)));
      await noteGo();
      await build(ROOT, { names: [], arch: hostArch() });
    }
    sum = addCounts(sum, await runSuites(ROOT, rows, programs));
  } catch (error) {
    // Set-up or build failed: the reason first, so that the sum is the last line here too.
    sum.failed++;
    say(`error: ${errorText(error)}`);
  }
  Deno.stdout.writeSync(new TextEncoder().encode(`${countsLine(sum)}\n`));
  if (!isGood(sum)) Deno.exit(1);
}

if (import.meta.main) await exitOnError(() => main(Deno.args));
