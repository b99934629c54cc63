/**
 * Measures whole processes from outside: wall time of each run, and peak resident memory as the kernel
 * accounts it to the finished process (GNU time's `%M`), in separate runs so that neither disturbs the other.
 *
 * @module
 */

/** What one command cost over its runs. */
export interface Figures {
  /** Milliseconds of each counted run, sorted. */
  readonly ms: readonly number[];
  /** The same in the order of the rounds, where several subjects were measured in turn. */
  readonly rounds?: readonly number[];
  /** Largest peak resident set of the memory runs, MiB; undefined where it was not measured. */
  readonly rssMiB: number | undefined;
}

/** One command to measure; `before` and `after` run around each run and are not timed. */
export interface Subject {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Text for standard input. */
  readonly stdin?: string;
  /** What is run, where it differs from run to run (a fresh namespace); gets the run's number. */
  readonly prepare?: (run: number) => Promise<{
    argv: readonly string[];
    env?: Readonly<Record<string, string>>;
    dispose: () => Promise<void>;
  }>;
}

/** Runs a program to its end and gives its output; a non-zero exit is an error that quotes stderr. */
export async function runOrFail(
  argv: readonly string[],
  options: { env?: Readonly<Record<string, string>>; stdin?: string } = {},
): Promise<{ stdout: string; stderr: string; ms: number }> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("Cannot run an empty argument list");
  const started = performance.now();
  const child = new Deno.Command(program, {
    args,
    env: { ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const output = await child.output();
  const ms = performance.now() - started;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!output.success) {
    throw new Error(`${argv.join(" ")} ended with ${output.code}: ${text(output.stderr)}`);
  }
  return { stdout: text(output.stdout), stderr: text(output.stderr), ms };
}

/** Runs the subject `runs` times after `warmUps` uncounted ones, then `memoryRuns` times under GNU time. */
export async function measure(
  subject: Subject,
  { runs = 25, warmUps = 2, memoryRuns = 3 }: {
    runs?: number;
    warmUps?: number;
    memoryRuns?: number;
  } = {},
): Promise<Figures> {
  const ms: number[] = [];
  let rssKiB = 0;
  for (let run = 0; run < warmUps + runs + memoryRuns; run++) {
    const withMemory = run >= warmUps + runs;
    const prepared = await subject.prepare?.(run);
    try {
      const argv = prepared?.argv ?? subject.argv;
      const env = prepared?.env ?? subject.env;
      const stdin = subject.stdin;
      const result = await runOrFail(
        withMemory ? ["/usr/bin/time", "-f", "peak-rss-kib=%M", ...argv] : argv,
        { ...(env && { env }), ...(stdin !== undefined && { stdin }) },
      );
      if (withMemory) rssKiB = Math.max(rssKiB, peakOf(result.stderr));
      else if (run >= warmUps) ms.push(result.ms);
    } finally {
      await prepared?.dispose();
    }
  }
  ms.sort((a, b) => a - b);
  return { ms, rssMiB: memoryRuns > 0 ? rssKiB / 1024 : undefined };
}

function peakOf(stderr: string): number {
  const match = /peak-rss-kib=(\d+)/.exec(stderr);
  if (match?.[1] === undefined) throw new Error("GNU time printed no peak memory");
  return Number(match[1]);
}

/** Measures several subjects in turn (A B C, A B C, …), so that a drift of the machine's speed hits all alike. */
export async function measureInTurn(
  subjects: Readonly<Record<string, Subject>>,
  runs = 25,
): Promise<Record<string, Figures>> {
  const times: Record<string, number[]> = {};
  const figures: Record<string, Figures> = {};
  for (let round = 0; round < runs + 2; round++) {
    for (const [name, subject] of Object.entries(subjects)) {
      const one = await measure(subject, { runs: 1, warmUps: 0, memoryRuns: 0 });
      if (round >= 2) (times[name] ??= []).push(...one.ms);
    }
  }
  for (const [name, subject] of Object.entries(subjects)) {
    const memory = await measure(subject, { runs: 0, warmUps: 0, memoryRuns: 3 });
    const rounds = times[name] ?? [];
    figures[name] = {
      ms: rounds.toSorted((a, b) => a - b),
      rounds,
      rssMiB: memory.rssMiB,
    };
  }
  return figures;
}

/** The value below which `share` (0 to 1) of the sorted figures lie; NaN for none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
