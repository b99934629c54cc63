import type { Environment } from "core/proxy/sources.ts";
import type { Io } from "./io.ts";
import { runKumactl } from "./program.ts";

/** What one command line gave. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Streams and files as data; what is written collects in `out` and `err`. */
export class FakeIo implements Io {
  readonly colour: boolean = false;
  readonly columns: number = 100;
  stdout = "";
  stderr = "";

  constructor(
    readonly environment: Environment = {},
    readonly files: Readonly<Record<string, string>> = {},
  ) {}

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  read(path: string, limit: number): Promise<Uint8Array> {
    const text = this.files[path];
    if (text === undefined) return Promise.reject(new Deno.errors.NotFound("No such file"));
    return Promise.resolve(new TextEncoder().encode(text).subarray(0, limit + 1));
  }
}

/** Runs a command line in this process, without touching its streams. */
export async function kumactl(...words: string[]): Promise<Ran> {
  const io = new FakeIo();
  const code = await runKumactl(words, io);
  return { code, out: io.stdout, err: io.stderr };
}
