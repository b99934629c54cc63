/**
 * A TCP relay that can be cut or fall silent, for tests of what happens to connections.
 */
import { end, isEnd } from "core/serve/pump.ts";

/** A relay from a port of its own to another port of this machine. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;
  #cut = false;
  /** What the connections that are open wait for; each new one begins with what is there then. */
  #silence: PromiseWithResolvers<void> | undefined;
  readonly #holds = new Set<{ until: Promise<void> | undefined }>();
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

  /**
   * From now on nothing passes on the connections that are open, and none of them ends: as behind a firewall that
   * has forgotten them. New ones work.
   */
  silence(): void {
    this.#silence ??= Promise.withResolvers<void>();
    for (const hold of this.#holds) hold.until = this.#silence.promise;
  }

  /** Lets connections through again. */
  mend(): void {
    this.#cut = false;
    this.#silence?.resolve();
    this.#silence = undefined;
    for (const hold of this.#holds) hold.until = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    this.#silence?.resolve();
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
    const hold = { until: undefined };
    this.#holds.add(hold);
    try {
      using far = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      this.#open.add(far);
      await Promise.all([flow(near, far, hold), flow(far, near, hold)]);
      this.#open.delete(far);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    } finally {
      this.#holds.delete(hold);
      this.#open.delete(near);
      end(near);
    }
  }
}

/** Bytes from one to the other until either ends; held back while there is something to wait for. */
async function flow(
  from: Deno.Conn,
  to: Deno.Conn,
  hold: { until: Promise<void> | undefined },
): Promise<void> {
  const buffer = new Uint8Array(16_384);
  try {
    for (;;) {
      const size = await from.read(buffer);
      await hold.until;
      if (size === null) break;
      for (let at = 0; at < size;) at += await to.write(buffer.subarray(at, size));
    }
    await to.closeWrite();
  } catch (error) {
    if (!isEnd(error)) throw error;
    end(to);
    end(from);
  }
}
