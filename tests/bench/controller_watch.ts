/**
 * Counts and times what happens to Dataplanes, by a watch of the bench's own.
 *
 * @module
 */
import type { KubeClient } from "core/cluster/client.ts";
import { watchEvents } from "core/cluster/watch_stream.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";

const DATAPLANES = "/apis/kuma.io/v1alpha1/dataplanes";

/** A running watch of all Dataplanes. */
export class DataplaneWatch {
  /** When each was seen last, by `namespace/name`. */
  readonly seen = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #failure: unknown;
  /** Events so far, of any type. */
  events = 0;

  private constructor(client: KubeClient, resourceVersion: string) {
    // Told at the end: the bench may fail for another reason before, and that is the one to hear of.
    this.#running = this.#read(client, resourceVersion).catch((error) =>
      void (this.#failure = error)
    );
  }

  /** Watches from now on. */
  static async start(client: KubeClient): Promise<DataplaneWatch> {
    const list = await client.json(`${DATAPLANES}?limit=1`) as JsonObject;
    const { resourceVersion } = list.metadata as JsonObject;
    return new DataplaneWatch(client, String(resourceVersion));
  }

  async #read(client: KubeClient, resourceVersion: string): Promise<void> {
    const { signal } = this.#stop;
    try {
      const query = `?watch=true&resourceVersion=${resourceVersion}`;
      const answer = await client.fetch(`${DATAPLANES}${query}`, { signal });
      if (answer.body === null) throw new TypeError("A watch has no body");
      for await (const { object } of watchEvents(answer.body)) {
        const metadata = isObject(object.metadata) ? object.metadata : {};
        this.events++;
        this.seen.set(`${metadata.namespace}/${metadata.name}`, performance.now());
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Ends it. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }
}
