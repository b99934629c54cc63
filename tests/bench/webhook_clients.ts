/**
 * So many clients at once, each on a connection of its own, each with its next request as soon as it has its
 * answer: what a roll-out looks like to an admission server. The clients are a Go program, as API servers
 * are, and so is a server beside ours that only decodes the same reviews and gives the same answer.
 *
 * @module
 */
import type { CertificatePair } from "core/serve/tls_generation.ts";
import { buildOnce } from "../support/go_build.ts";
import { runOrFail } from "./measure.ts";

/** What they found; milliseconds. */
export interface ClientsResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Where and what to ask. */
export interface ClientsTarget {
  readonly url: string;
  readonly caPem: string;
  readonly body: string;
}

/** The Go program, built where it is not there yet. */
async function program(): Promise<string> {
  const folder = await buildOnce({
    what: "the bench's clients",
    moduleDir: new URL("./clients", import.meta.url).pathname,
    packages: ["."],
    cachePath: "bench/clients",
  });
  return `${folder}/clients`;
}

/** Runs them for so long. Rejects with the first answer that is none. */
export async function runClients(
  { url, caPem, body }: ClientsTarget,
  clients: number,
  seconds: number,
): Promise<ClientsResult> {
  const folder = await Deno.makeTempDir({ prefix: "bench-clients-" });
  try {
    await Deno.writeTextFile(`${folder}/ca`, caPem);
    await Deno.writeTextFile(`${folder}/body`, body);
    const { stdout } = await runOrFail([
      await program(),
      url,
      `${folder}/ca`,
      `${folder}/body`,
      String(clients),
      String(seconds),
    ]);
    return JSON.parse(stdout) as ClientsResult;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Go's own server with this answer, on one core. */
export class GoServer implements AsyncDisposable {
  private constructor(readonly port: number, readonly child: Deno.ChildProcess) {}

  static async start(pair: CertificatePair, answer: string): Promise<GoServer> {
    const folder = await Deno.makeTempDir({ prefix: "bench-server-" });
    try {
      const files = { crt: pair.certificate, key: pair.key, answer };
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(`${folder}/${name}`, text);
      }
      const paths = Object.keys(files).map((name) => `${folder}/${name}`);
      const child = new Deno.Command("taskset", {
        args: ["--cpu-list", "0", await program(), "serve", ...paths],
        env: { GOMAXPROCS: "1" },
        stdin: "null",
        stdout: "piped",
      }).spawn();
      const reader = child.stdout.getReader();
      const { value } = await reader.read();
      reader.releaseLock();
      return new GoServer(Number(new TextDecoder().decode(value)), child);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.stdout.cancel();
    await this.child.status;
  }
}
