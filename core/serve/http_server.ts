/**
 * The HTTP server proper, on a Unix socket in a directory that nobody else may enter.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { inSocketFolder, socketIn, sweepBeside } from "./socket_folder.ts";

/** What answers a request. */
export type Answer = (request: Request) => Promise<Response>;

/** Pause before a server that ended is replaced. */
const AGAIN_MS = 200;

/** A running one. `Deno.serve` ends with the first connection that it cannot accept: another follows. */
export class HttpServer {
  readonly #answer: Answer;
  readonly #log: Logger;
  #directory: string;
  #server: Deno.HttpServer;
  readonly #sweeping: Promise<void>;
  #ending = false;

  /** Starts it. Throws `KUMA-WH-024` where no directory takes a socket. */
  constructor(answer: Answer, log: Logger) {
    this.#answer = answer;
    this.#log = log;
    [this.#directory, this.#server] = this.#serve();
    this.#sweeping = sweepBeside(this.#directory).catch((error) =>
      log.debug("old socket folders were not looked for", { reason: errorText(error) })
    );
  }

  /** Path of its socket; another one after it had to start again. */
  get path(): string {
    return socketIn(this.#directory);
  }

  /** Ends it when all is answered. */
  async shutdown(): Promise<void> {
    this.#ending = true;
    await Promise.all([this.#server.shutdown(), this.#sweeping]);
    await Deno.remove(this.#directory, { recursive: true });
  }

  #serve(): [directory: string, server: Deno.HttpServer] {
    // Without this, the runtime would write what sending an answer throws to standard error, as it is.
    const onError = (error: unknown) => {
      this.#log.error("a request failed", { reason: errorText(error) });
      return new Response("the webhook failed, which is an error in it\n", { status: 500 });
    };
    return inSocketFolder((directory) => {
      const at = { transport: "unix", path: socketIn(directory), onListen() {}, onError } as const;
      const server = Deno.serve(at, this.#answer);
      server.finished.catch((error) => this.#again(error));
      return [directory, server];
    });
  }

  /** Tries until it serves again. */
  async #again(error: unknown): Promise<void> {
    this.#log.error("the HTTP server ended, starting another", { reason: errorText(error) });
    const old = this.#directory;
    while (!this.#ending) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      try {
        [this.#directory, this.#server] = this.#serve();
        break;
      } catch (again) {
        this.#log.debug("not yet", { reason: errorText(again) });
      }
    }
    // Not worth a third server: the next program's start sweeps it.
    await Deno.remove(old, { recursive: true }).catch(() => undefined);
  }
}
