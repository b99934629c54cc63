/**
 * Runs a program within a test, without touching the process's streams.
 *
 * @module
 */
import { type Io, legibleOut } from "./io.ts";
import { type Program, runProgram } from "./program.ts";

/** What one command line gave. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Streams and files as data; what is written collects in `stdout` and `stderr`. */
export class FakeIo implements Io {
  readonly colour: boolean = false;
  readonly outColour: boolean = false;
  readonly live: boolean = false;
  readonly columns: number = 80;
  stdout = "";
  stderr = "";

  constructor(
    readonly environment: Io["environment"] = {},
    readonly files: Readonly<Record<string, string>> = {},
  ) {}

  readonly out: Io["out"] = legibleOut((text) => this.stdout += text);

  err(text: string): void {
    this.stderr += text;
  }

  read(path: string, limit: number): Promise<Uint8Array> {
    const text = this.files[path];
    if (text === undefined) return Promise.reject(new Deno.errors.NotFound("No such file"));
    return Promise.resolve(new TextEncoder().encode(text).subarray(0, limit + 1));
  }
}

/** Runs a command line in this process. */
export async function ran<Name extends string>(
  program: Program<Name>,
  words: readonly string[],
  io: FakeIo = new FakeIo(),
): Promise<Ran> {
  const code = await runProgram(program, words, io);
  return { code, out: io.stdout, err: io.stderr };
}
