/**
 * Child processes and waiting, as the tests need them.
 *
 * @module
 */

import { delay } from "core/time/clock.ts";

export { delay as sleep };

/** What a finished program gave back; both streams as text. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** What {@linkcode run} may be told. */
export interface RunOptions {
  /** Written to standard input, which is then closed; without it standard input is empty. */
  stdin?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** Kills the program when it fires. */
  signal?: AbortSignal;
}

/** Runs a program to its end and returns its exit code and output, whatever the code is. */
export async function run(program: string, args: string[], options: RunOptions = {}): Promise<
  Finished
> {
  const { stdin, ...rest } = options;
  const child = new Deno.Command(program, {
    args,
    ...rest,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const fed = stdin === undefined ? undefined : feed(child.stdin, stdin);
  const { code, stdout, stderr } = await child.output();
  await fed;
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Writes all of `text` and closes; a program that stops reading early is none of our business. */
async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // After the stream has broken, close() throws a TypeError; `closed` tells the cause.
    const cause = await writer.closed.then(() => error, (reason) => reason);
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
  }
}

/**
 * Runs a program that must succeed and returns its standard output. Throws an `Error` that shows the
 * command, the code and what it wrote on standard error.
 */
export async function must(program: string, args: string[], options?: RunOptions): Promise<string> {
  const done = await run(program, args, options);
  if (done.code !== 0) {
    throw new Error(`${[program, ...args].join(" ")} ended with ${done.code}: ${done.stderr}`);
  }
  return done.stdout;
}

/**
 * Asks `probe` every `intervalMs` until it returns something other than `false` or `undefined`, which
 * it returns. Throws an `Error` naming `what` after `timeoutMs`; an error of the probe passes through.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => T | false | undefined | Promise<T | false | undefined>,
  { timeoutMs = 30_000, intervalMs = 25 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      throw new Error(`Waited ${timeoutMs} ms in vain for this: ${what}`);
    }
    await delay(intervalMs);
  }
}

/**
 * Tells a process from a later one with the same number: its start time in clock ticks since boot
 * (proc_pid_stat(5), field 22), or undefined when no such process runs. A zombie does not run.
 */
export function processStart(pid: number): string | undefined {
  let stat: string;
  try {
    stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || isNoSuchProcess(error)) return undefined;
    throw error;
  }
  // The name, field 2, may hold blanks and brackets: count from its closing bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

/** A process that ends between open and read gives ESRCH. */
function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ESRCH";
}

/** Sends a signal; returns false when the process is gone already. */
export function signalProcess(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || isNoSuchProcess(error)) return false;
    throw error;
  }
}

/**
 * A TCP port of 127.0.0.1 that was free a moment ago. It lies below those that the kernel gives to
 * connections and to who asks for any port (ip(7), ip_local_port_range: from 32768 unless somebody
 * changed it), so nobody gets it by chance before the caller listens on it.
 */
export function freePort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** The path of a program on PATH, or undefined. */
export function which(program: string): string | undefined {
  for (const dir of (Deno.env.get("PATH") ?? "").split(":")) {
    if (dir === "") continue;
    const path = `${dir}/${program}`;
    try {
      const info = Deno.statSync(path);
      if (info.isFile && ((info.mode ?? 0) & 0o111) !== 0) return path;
    } catch (error) {
      // As a shell does: what is not there, or may not be looked at, has no program for us.
      const { NotFound, NotADirectory, PermissionDenied } = Deno.errors;
      const none = [NotFound, NotADirectory, PermissionDenied].some((kind) =>
        error instanceof kind
      );
      if (!none) throw error;
    }
  }
  return undefined;
}
