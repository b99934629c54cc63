/**
 * A TCP relay that can be cut, for tests of what happens to connections.
 */
import { end, pump } from "core/serve/pump.ts";

/** A relay from a port of its own to another port of this machine. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;
  #cut = false;
  /** Connections so far. */
  connections = 0;

  constructor(target: number) {
    this.#target = target;
    this.port = this.#listener.addr.port;
    this.#serving = this.#serve();
  }

  /** Ends all connections and refuses new ones, as a network that is gone. */
  cut(): void {
    this.#cut = true;
    for (const connection of this.#open) end(connection);
  }

  /** Lets connections through again. */
  mend(): void {
    this.#cut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const joined: Promise<void>[] = [];
    for await (const near of this.#listener) {
      if (this.#cut) end(near);
      else joined.push(this.#join(near));
    }
    await Promise.all(joined);
  }

  async #join(near: Deno.Conn): Promise<void> {
    this.connections++;
    this.#open.add(near);
    try {
      using far = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      this.#open.add(far);
      await Promise.all([pump(near, far, 16_384), pump(far, near, 16_384)]);
      this.#open.delete(far);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    } finally {
      this.#open.delete(near);
      end(near);
    }
  }
}
