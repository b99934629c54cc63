/**
 * Speaks to the container runtime of the tests: the libcni program in tests/chain/module, one process
 * for a node, many calls side by side.
 *
 * @module
 */

/** A call of the runtime, in the words of the Go program's `request`. */
export interface RuntimeRequest {
  command: "add" | "del" | "check" | "status" | "gc" | "forward";
  confDir?: string;
  network?: string;
  binDirs?: string[];
  cacheDir?: string;
  containerID?: string;
  netns?: string;
  ifName?: string;
  args?: [string, string][];
  capabilityArgs?: Record<string, unknown>;
  validAttachments?: { containerID: string; ifname: string }[];
  port?: number;
}

/** One plugin process of a call, in the order in which they ran. */
export interface PluginRun {
  plugin: string;
  /** `ADD`, `DEL`, … */
  command: string;
  millis: number;
  /** The configuration that libcni gave it. */
  stdin: Record<string, unknown>;
  stdout: string;
  error?: string;
  /** The plugin's error JSON, as libcni read it. */
  errorObject?: { cniVersion?: string; code: number; msg: string; details?: string };
}

/** How a call ended. */
export interface ChainOutcome {
  /** 0, or the CNI error code that a plugin gave, or 999 for a failure of libcni itself. */
  code: number;
  /** libcni's error text; empty on success. */
  error: string;
  /** ADD's result. */
  result: CniResult | undefined;
  /** What plugins wrote on standard error when they succeeded; libcni drops it otherwise. */
  stderr: string;
  runs: PluginRun[];
}

/** The parts of an ADD result that tests read. */
export interface CniResult {
  cniVersion: string;
  interfaces?: { name: string; mac?: string; sandbox?: string }[];
  ips?: { address: string; gateway?: string; interface?: number }[];
  routes?: { dst: string; gw?: string }[];
  [key: string]: unknown;
}

type Answer = Partial<ChainOutcome> & { id: number; runs: PluginRun[] | null };

/** One running libcni program. */
export class Runtime implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 1;
  #text = "";
  #pumping: Promise<void> | undefined;

  /** Starts the program inside the network namespace at this path. */
  constructor(program: string, netnsPath: string) {
    this.#child = new Deno.Command("nsenter", {
      args: [`--net=${netnsPath}`, program],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Process number of the program. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Makes a call. Throws an `Error` only when the program itself has ended. */
  async call(request: RuntimeRequest): Promise<ChainOutcome> {
    const id = this.#nextId++;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const line = `${JSON.stringify({ id, ...request })}\n`;
    await this.#writer.write(new TextEncoder().encode(line));
    this.#pumping ??= this.#pump().finally(() => this.#pumping = undefined);
    const { code = 0, error = "", result, stderr = "", runs } = await Promise.race([
      answered,
      this.#pumping.then(() => answered),
    ]);
    return { code, error, result, stderr, runs: runs ?? [] };
  }

  /** Reads answers, but only while some are due: a read left open would outlive the test that began it. */
  async #pump(): Promise<void> {
    while (this.#waiting.size > 0) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("The container runtime of the tests has ended");
      this.#text += value;
      const lines = this.#text.split("\n");
      this.#text = lines.pop() ?? "";
      for (const line of lines) this.#deliver(JSON.parse(line));
    }
  }

  #deliver(answer: Answer): void {
    const resolve = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    resolve?.(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#reader.cancel();
    await this.#child.status;
  }
}
