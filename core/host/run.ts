/**
 * The one place where a program of the host is started: argument arrays only, never a shell, bounded
 * output, bounded time.
 *
 * Children are started from the main thread (the runtime forks in the call of `spawn`), so they inherit
 * a network or mount namespace that the main thread entered before.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { after } from "core/time/timer.ts";
import { descendants } from "./descendants.ts";
import { ownerEntry } from "./user_namespace.ts";

/** What a child gets beside its arguments. */
export interface RunOptions {
  /** Written to the child's standard input, which is then closed; without it stdin is /dev/null. */
  stdin?: string | Uint8Array;
  /** Environment variables set for the child, in addition to our own (or alone, see `clearEnv`). */
  env?: Record<string, string>;
  /** Give the child nothing of our own environment. */
  clearEnv?: boolean;
  /** The child writes rules: it runs in the user namespace that owns the network namespace. */
  asNetnsOwner?: boolean;
  /** Milliseconds after which the child is killed and the call fails; no limit without it. */
  timeoutMs?: number;
  /** Kills the child; the call then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Most bytes taken of each output stream before the child is killed. Default 16 MiB. */
  maxOutputBytes?: number;
}

/** How the child ended and what it said. A non-zero code is a result, not an error. */
export interface RunResult {
  /** Exit code; 128 + number for a child that a signal ended. */
  readonly code: number;
  /** The signal that ended the child, or null. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Default of {@linkcode RunOptions.maxOutputBytes}. */
const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** How long a killed child is waited for, milliseconds: one that hangs within the kernel does not end. */
const KILL_GRACE_MS = 400;

/**
 * Runs a program to its end, or stops it and what it started itself.
 *
 * @param argv Program (a path, or a name searched in PATH) and its arguments.
 * @throws {KumaError} `KUMA-HOST-101` program not found, `-102` cannot be started, `-103` timed out,
 *   `-104` too much output; or the abort signal's reason.
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const child = start(argv, options);
  const stop = new StopReason(child);
  const { timeoutMs } = options;
  using _limit = timeoutMs === undefined
    ? undefined
    : after(timeoutMs, () => stop.because(timedOut(argv[0], timeoutMs)));
  const onAbort = () => stop.because(options.signal?.reason);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const limit = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  const tooMuch = () => stop.because(outputTooLong(argv[0], limit));
  try {
    const ended = Promise.all([
      readAtMost(child.stdout, limit, tooMuch, stop),
      readAtMost(child.stderr, limit, tooMuch, stop),
      child.status,
      options.stdin === undefined ? undefined : feed(child.stdin, options.stdin),
    ]);
    const [stdout, stderr, status] = await Promise.race([ended, stop.waitedEnough]);
    stop.throwIfSet();
    return { code: status.code, signal: status.signal, stdout, stderr };
  } finally {
    stop.settle();
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** Remembers the first reason for which a child was killed. */
class StopReason {
  #reason: { readonly value: unknown } | undefined;
  readonly #readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  readonly #enough = Promise.withResolvers<never>();
  #grace: Disposable | undefined;

  constructor(private readonly child: Deno.ChildProcess) {}

  /** A reader that ends with the child, though children of its own may still hold the stream. */
  reader(stream: ReadableStream<Uint8Array>): ReadableStreamDefaultReader<Uint8Array> {
    const reader = stream.getReader();
    this.#readers.push(reader);
    return reader;
  }

  because(value: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = { value };
    // A stream that failed meanwhile tells its reader so.
    for (const reader of this.#readers) reader.cancel().catch(() => {});
    this.#grace = after(KILL_GRACE_MS, () => this.#enough.reject(value));
    const below = descendants(this.child.pid);
    kill(() => this.child.kill("SIGKILL"));
    for (const pid of below) kill(() => Deno.kill(pid, "SIGKILL"));
  }

  /** Rejects with the reason when a killed child did not end. */
  get waitedEnough(): Promise<never> {
    return this.#enough.promise;
  }

  settle(): void {
    this.#grace?.[Symbol.dispose]();
  }

  throwIfSet(): void {
    if (this.#reason !== undefined) throw this.#reason.value;
  }
}

function kill(send: () => void): void {
  try {
    send();
  } catch (error) {
    // It ended by itself between the decision and the kill: there is nothing left to stop.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function start(argv: readonly [string, ...string[]], options: RunOptions): Deno.ChildProcess {
  const [program] = argv;
  const [first, ...args] = options.asNetnsOwner ? [...ownerEntry(), ...argv] : argv;
  try {
    return new Deno.Command(first ?? program, {
      args,
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      clearEnv: options.clearEnv ?? false,
      ...(options.env === undefined ? {} : { env: options.env }),
    }).spawn();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) throw notFound(program, cause);
    throw new KumaError("KUMA-HOST-102", `program "${program}" cannot be started: ${cause}`, {
      cause,
    });
  }
}

/**
 * Whether a failure of {@linkcode run} says that the program is of no use on this host: it is missing, or
 * no program for this machine. A lack of processes, memory or descriptors, a time that ran out and too long
 * an output say nothing about the program.
 */
export function isUnusable(error: unknown): error is KumaError {
  if (!(error instanceof KumaError)) return false;
  if (error.code === "KUMA-HOST-101") return true;
  if (error.code !== "KUMA-HOST-102") return false;
  const { cause } = error;
  return cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.PermissionDenied ||
    /os error 8\)/.test(String(cause)); // ENOEXEC: another architecture.
}

/** The kernel says "no such file" of the program as well as of what it takes to start it. */
function notFound(program: string, cause: Error): KumaError {
  if (program.includes("/") && exists(program)) {
    return new KumaError(
      "KUMA-HOST-102",
      `program "${program}" is there and cannot be started: its interpreter or /dev/null is missing`,
      {
        hint: "install what the program's first line or 'ldd' names, or mount devtmpfs at /dev",
        cause,
      },
    );
  }
  return new KumaError("KUMA-HOST-101", `program "${program}" was not found on this host`, {
    hint: "install it or give its path",
    cause,
  });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false; // Nothing is there that we could see; "not found" is right as far as we know.
  }
}

async function feed(
  stream: WritableStream<Uint8Array>,
  input: string | Uint8Array,
): Promise<void> {
  const writer = stream.getWriter();
  try {
    const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
    // Queued together: a failed write then rejects both with its own reason.
    await Promise.all([writer.write(bytes), writer.close()]);
  } catch (error) {
    // A child that ends without reading its input says why by its exit code and stderr.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

async function readAtMost(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  tooMuch: () => void,
  stop: StopReason,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  const reader = stop.reader(stream);
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > limit) tooMuch();
    else text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

function timedOut(program: string, ms: number): KumaError {
  return new KumaError("KUMA-HOST-103", `"${program}" did not end within ${ms} ms and was stopped`);
}

function outputTooLong(program: string, limit: number): KumaError {
  return new KumaError("KUMA-HOST-104", `"${program}" wrote more than ${limit} bytes`);
}
