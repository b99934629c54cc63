import { shown } from "core/grammar/echo.ts";
import type { run, RunOptions, RunResult } from "../run.ts";

/** What every child of one operation gets, and how many there were. */
export interface ChildOptions {
  /** Ends the operation and its children. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, before the first program is started. */
  readonly beforeFirst?: (() => Promise<void>) | undefined;
  /** Starts a program; replaced in tests. */
  readonly run?: typeof run;
}

/** Longest that one iptables program may take beyond its own waiting for the lock, milliseconds. */
const CHILD_TIMEOUT_MS = 120_000;

/** Starts the children of one operation: bounded in time, stoppable, counted. */
export class Children {
  readonly signal: AbortSignal | undefined;
  readonly #run: typeof run | undefined;
  readonly #beforeFirst: (() => Promise<void>) | undefined;
  #ready: Promise<void> | undefined;
  #count = 0;

  constructor(options: ChildOptions = {}) {
    this.signal = options.signal;
    this.#run = options.run;
    this.#beforeFirst = options.beforeFirst;
  }

  /** How many were started so far. */
  get count(): number {
    return this.#count;
  }

  /** Runs one program to its end. Throws as {@linkcode run} does. */
  async run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
    this.#count++;
    await (this.#ready ??= this.#beforeFirst?.() ?? Promise.resolve());
    // Many operations start none.
    const start = this.#run ?? (await import("../run.ts")).run;
    return await start(argv, {
      timeoutMs: CHILD_TIMEOUT_MS,
      ...options,
      ...(this.signal === undefined ? {} : { signal: this.signal }),
    });
  }
}

/** Characters of what a child said that an error shows at most: some tools repeat all of their input. */
const SAID = 2000;

/** How a failed child ended and what it said, in one line: `exit status 4: words of stderr`. */
export function failureText({ code, signal, stderr }: RunResult): string {
  const status = signal === null ? `exit status ${code}` : `killed by ${signal}`;
  const words = stderr.trim().split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return words.length === 0 ? status : `${status}: ${shown(words.join(", "), SAID)}`;
}
