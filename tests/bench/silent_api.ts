/**
 * A TLS end that says nothing by itself: it asks for no client certificate and hands out no session tickets, as load
 * balancers and proxies before an API server do. A client's first request then waits for nobody's
 * acknowledgement but that of the handshake, which the kernel puts off by 40 ms.
 *
 * @module
 */
import { createPki } from "../kube/pki.ts";
import { must, waitUntil } from "../support/processes.ts";

/** Port by chance, from those that no service of Debian has. */
const FIRST_PORT = 42_000, PORTS = 2000;

/** openssl's own server, which gives each path the answer that a file holds. Gone when disposed of. */
export class SilentApi implements AsyncDisposable {
  private constructor(
    readonly url: string,
    readonly caPem: string,
    private readonly folder: string,
    private readonly server: Deno.ChildProcess,
  ) {}

  /** Starts it with JSON by path (without the first slash). */
  static async start(objects: Readonly<Record<string, unknown>>): Promise<SilentApi> {
    const folder = await Deno.makeTempDir({ prefix: "silent-api-" });
    const { caPem, server: { certificate, key } } = await createPki();
    await Deno.writeTextFile(`${folder}/cert.pem`, certificate);
    await Deno.writeTextFile(`${folder}/key.pem`, key);
    for (const [path, object] of Object.entries(objects)) {
      const body = JSON.stringify(object);
      const head =
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
      await Deno.mkdir(`${folder}/${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, `${head}\r\n\r\n${body}`);
    }
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const server = new Deno.Command("openssl", {
      args: [
        ...["s_server", "-accept", `127.0.0.1:${port}`, "-cert", "cert.pem", "-key", "key.pem"],
        ...["-num_tickets", "0", "-HTTP", "-quiet"],
      ],
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const api = new SilentApi(`https://127.0.0.1:${port}`, caPem, folder, server);
    await waitUntil("openssl s_server", async () => {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.ConnectionRefused) return false;
        throw error;
      }
    });
    return api;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.kill("SIGKILL");
    await this.server.status;
    await must("rm", ["-rf", this.folder]);
  }
}
