/**
 * The processes of the node.
 *
 * @module
 */
import { nodeFiles, type NodeSpec } from "../spec.ts";

interface Server {
  readonly program: string;
  readonly args: readonly string[];
  child?: Deno.ChildProcess | undefined;
}

/** Servers by name, each with a log of its own; the node ends where one of them does without being told to. */
export class Servers {
  readonly #spec: NodeSpec;
  readonly #known = new Map<string, Server>();

  constructor(spec: NodeSpec) {
    this.#spec = spec;
    Deno.mkdirSync(nodeFiles(spec.dir).log, { recursive: true });
  }

  /** Adds a server and starts it. */
  add(name: string, program: string, args: readonly string[]): void {
    this.#known.set(name, { program, args });
    this.start(name);
  }

  /** Starts a server that was added and does not run. */
  start(name: string): void {
    const server = this.#get(name);
    const log = `${nodeFiles(this.#spec.dir).log}/${name}`;
    // A shell would be the plain way to send both streams to a file; this one needs no quoting.
    const child = new Deno.Command(server.program, {
      args: [...server.args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    server.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      void Deno.open(log, { create: true, append: true }).then((file) =>
        stream.pipeTo(file.writable)
      );
    }
    void child.status.then(({ code }) => {
      if (server.child !== child) return;
      Deno.stdout.writeSync(new TextEncoder().encode(`${name} ended with ${code}, see ${log}\n`));
      Deno.exit(1);
    });
  }

  /** Kills a server, as the kernel does when memory is short. */
  async stop(name: string): Promise<void> {
    const server = this.#get(name);
    const { child } = server;
    server.child = undefined;
    child?.kill("SIGKILL");
    await child?.status;
  }

  #get(name: string): Server {
    const server = this.#known.get(name);
    if (server === undefined) throw new Error(`There is no server "${name}" on this node`);
    return server;
  }
}
