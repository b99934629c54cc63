/**
 * Three programs of a request's way: an application, the relay in the sidecar's place, and the application that is
 * called. All are on one processor, ahead of what else the machine does there: scheduling would hide everything else.
 *
 * @module
 */
import type { Endpoint } from "tests/support/traffic/endpoint.ts";

const POD = "10.98.0.2";
const PROCESSOR = "1";

/** What goes through the relay. */
export interface Traffic {
  readonly kind: "echo" | "bulk";
  /** Bytes of a message. */
  readonly size: number;
}

/** Where and what. */
export interface ChainSpec {
  /** `ebpf_peer.c`, compiled. */
  readonly program: string;
  /** The pod's network namespace, by name. */
  readonly ns: string;
  /** Where the client connects to. */
  readonly to: Endpoint;
  readonly traffic: Traffic;
}

/** One connection through a relay; take it with `await using`. */
export class RelayChain implements AsyncDisposable {
  readonly #programs: Deno.ChildProcess[] = [];
  #client?: Talk;

  private constructor(private readonly spec: ChainSpec) {}

  /** Starts the programs and connects. */
  static async start(spec: ChainSpec): Promise<RelayChain> {
    const chain = new RelayChain(spec);
    try {
      for (const role of ["server", "relay"]) {
        await chain.#start(role).line();
      }
      chain.#client = chain.#start("client");
      return chain;
    } catch (error) {
      await chain[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sends messages; gives the microseconds of each, or of all where they go one way, which ends the connection. */
  async send(count: number): Promise<number[]> {
    await this.#client?.say(`${count}\n`);
    return (await this.#client?.line() ?? "").split(" ").map(Number);
  }

  #start(role: string): Talk {
    const { program, ns, to, traffic } = this.spec;
    const child = new Deno.Command("nsenter", {
      args: [
        ...[`--net=/run/netns/${ns}`, "chrt", "--fifo", "1", "taskset", "--cpu-list", PROCESSOR],
        ...[program, role, traffic.kind, to.address, `${to.port}`, POD, `${traffic.size}`],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#programs.push(child);
    return new Talk(role, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#programs) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
    }
  }
}

/** Lines to and from one of them, of which each waits for the other's. */
class Talk {
  readonly #input;
  readonly #output;

  constructor(private readonly role: string, child: Deno.ChildProcess) {
    this.#input = child.stdin.getWriter();
    this.#output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async say(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  async line(): Promise<string> {
    for (let text = "";;) {
      const { done, value } = await this.#output.read();
      if (done) throw new Error(`the ${this.role} ended before it answered`);
      text += value;
      if (text.endsWith("\n")) return text.trimEnd();
    }
  }
}
