/**
 * Places with a firewall of their own, and the iptables tools in them.
 *
 * @module
 */
import type { Family } from "core/proxy/resolved.ts";
import { type Finished, must, run, type RunOptions } from "tests/support/processes.ts";

/** A flavour of iptables. */
export type Flavour = "nft" | "legacy";

/** Both flavours. */
export const FLAVOURS: readonly Flavour[] = ["nft", "legacy"];

/** Where programs run that see a firewall of their own. */
export abstract class Place {
  /** The words that start a program there: they go ahead of its own. */
  abstract readonly entry: readonly [string, ...string[]];

  /** Runs a program inside; any exit code is a result. */
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Finished> {
    const [first, ...rest] = this.entry;
    return run(first, [...rest, program, ...args], options);
  }

  /** Runs a program inside that must succeed; returns its standard output. */
  must(program: string, ...args: string[]): Promise<string> {
    const [first, ...rest] = this.entry;
    return must(first, [...rest, program, ...args]);
  }

  /** The listing of one family, without the comment lines, which carry the time. */
  async save(flavour: Flavour, family: Family): Promise<string> {
    const text = await this.must(`${toolName(flavour, family)}-save`);
    return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).join("\n");
  }

  /** Restores `text`, with `--noflush` unless told otherwise. Throws an `Error` with what was said. */
  async restore(
    flavour: Flavour,
    family: Family,
    text: string,
    args: string[] = ["--noflush"],
  ): Promise<void> {
    const tool = `${toolName(flavour, family)}-restore`;
    const done = await this.run(tool, args, { stdin: text });
    if (done.code !== 0) throw new Error(`${tool} refused this: ${done.stderr}\n${text}`);
  }
}

let made = 0;

/** A fresh named network namespace; it and everything in it goes when it is disposed of. */
export class Namespace extends Place implements AsyncDisposable {
  override readonly entry: readonly [string, ...string[]];

  private constructor(readonly name: string) {
    super();
    this.entry = ["ip", "netns", "exec", name];
  }

  /** Adds a namespace with a unique name and brings its loopback up. */
  static async create(purpose: string): Promise<Namespace> {
    const name = `kr-${purpose}-${Deno.pid}-${++made}`;
    await must("ip", ["netns", "add", name]);
    const namespace = new Namespace(name);
    await namespace.must("ip", "link", "set", "lo", "up");
    return namespace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must("ip", ["netns", "delete", this.name]);
  }
}

/** `iptables-nft`, `ip6tables-legacy` and so on. */
export function toolName(flavour: Flavour, family: Family): string {
  return `${family === "ipv4" ? "iptables" : "ip6tables"}-${flavour}`;
}
