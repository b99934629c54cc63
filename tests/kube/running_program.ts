/**
 * A compiled program that runs beside a real API server, and what it says.
 *
 * @module
 */

/** What is started; the rest is the same for all. */
export interface Started {
  readonly program: string;
  readonly args: readonly string[];
  /** All of its variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** A running program with a folder of its own; disposing of it kills it and removes the folder. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  /** What it has logged so far. */
  said = "";

  protected constructor({ program, args, env }: Started, readonly directory: string) {
    this.#child = new Deno.Command(program, {
      args: [...args],
      clearEnv: true,
      env: { ...env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The lines of its log with this message. */
  lines(message: string): Record<string, string>[] {
    return this.said.split("\n").filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line)).filter((line) => line.msg === message);
  }

  /** Sends a signal, and waits for the end. */
  protected async stop(signal: Deno.Signal): Promise<number> {
    this.#child.kill(signal);
    return await this.exit();
  }

  /** Waits until it has ended and everything that it said is there; gives its exit code. */
  protected async exit(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.said += text;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    await this.exit();
    await Deno.remove(this.directory, { recursive: true });
  }
}
