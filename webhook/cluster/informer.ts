/**
 * Keeps a copy of one kind of objects: lists them in pages, watches from there, starts again when told
 * to (410), reconnects after anything else, and never gives up.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { type KubeConnection, KubeStatusError } from "./connection.ts";
import { watchEvents } from "./watch_stream.ts";

/** What an informer watches, and what it keeps of each object. */
export interface InformerOptions<Kept> {
  /** For logs and metrics, such as `namespaces`. */
  readonly name: string;
  /** Path of the collection. */
  readonly path: string;
  /** What is kept of an object; `undefined` for none of it. */
  readonly keep: (object: JsonObject) => Kept | undefined;
  readonly connection: KubeConnection;
  readonly log: Logger;
  /** Shorter in tests: seconds that one watch may take at most. */
  readonly watchSeconds?: () => number;
}

const PAGE = 500;
const FIRST_DELAY_MS = 500;
const LAST_DELAY_MS = 30_000;
/** How long beyond its own timeout a watch may stay silent. */
const GRACE_SECONDS = 30;

/** A resource version that the server no longer has. */
class Expired extends Error {}

/** One running copy. */
export class Informer<Kept> {
  readonly #options: InformerOptions<Kept>;
  #objects = new Map<string, Kept>();
  #version = "";
  #synced = false;
  #failures = 0;
  /** Restarts of list or watch, by cause; for metrics. */
  readonly restarts = new Map<string, number>();

  constructor(options: InformerOptions<Kept>) {
    this.#options = options;
  }

  /** For logs and metrics. */
  get name(): string {
    return this.#options.name;
  }

  /** True once everything was listed; it stays so while the server is away. */
  get synced(): boolean {
    return this.#synced;
  }

  /** How many objects are kept. */
  get size(): number {
    return this.#objects.size;
  }

  /** An object by `namespace/name`, or by name where the kind has no namespaces. */
  get(key: string): Kept | undefined {
    return this.#objects.get(key);
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === "") await this.#list(signal);
        await this.#watch(signal);
        this.#failures = 0;
      } catch (thrown) {
        if (signal.aborted) return;
        this.#failed(thrown);
        await this.#pause(signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const objects = new Map<string, Kept>();
    let next = "";
    let version: string;
    do {
      const query = `?limit=${PAGE}${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`;
      const page = await this.#options.connection.json(`${this.#options.path}${query}`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
      });
      const list = isObject(page) ? page : {};
      for (const item of Array.isArray(list.items) ? list.items : []) {
        if (isObject(item)) this.#put(objects, item);
      }
      const metadata = isObject(list.metadata) ? list.metadata : {};
      next = asText(metadata.continue);
      version = asText(metadata.resourceVersion);
    } while (next !== "");
    // The new copy replaces the old one whole: what was deleted meanwhile is gone with it.
    this.#objects = objects;
    this.#version = version;
    this.#synced = true;
    this.#options.log.info("listed", { kind: this.name, objects: objects.size, version });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const seconds = this.#options.watchSeconds?.() ?? 300 + Math.floor(Math.random() * 300);
    const query = `?watch=true&allowWatchBookmarks=true&timeoutSeconds=${seconds}` +
      `&resourceVersion=${encodeURIComponent(this.#version)}`;
    const silence = AbortSignal.timeout((seconds + GRACE_SECONDS) * 1000);
    const answer = await this.#options.connection.fetch(`${this.#options.path}${query}`, {
      signal: AbortSignal.any([signal, silence]),
    });
    if (answer.body === null) throw new TypeError("A watch has no body");
    for await (const event of watchEvents(answer.body)) {
      this.#failures = 0;
      this.#take(event.type, event.object);
    }
    this.#count("timeout");
  }

  #take(type: string, object: JsonObject): void {
    if (type === "ERROR") {
      if (object.code === 410) throw new Expired("the resource version is too old");
      throw new Error(`watch error: ${asText(object.message) || JSON.stringify(object.code)}`);
    }
    const metadata = isObject(object.metadata) ? object.metadata : {};
    if (type === "DELETED") this.#objects.delete(keyOf(metadata));
    else if (type === "ADDED" || type === "MODIFIED") this.#put(this.#objects, object);
    const version = asText(metadata.resourceVersion);
    if (version !== "") this.#version = version;
  }

  #put(objects: Map<string, Kept>, object: JsonObject): void {
    const key = keyOf(isObject(object.metadata) ? object.metadata : {});
    const kept = this.#options.keep(object);
    if (kept === undefined) objects.delete(key);
    else objects.set(key, kept);
  }

  #failed(thrown: unknown): void {
    const { log, path } = this.#options;
    const fields = { kind: this.name, reason: errorText(thrown) };
    const status = thrown instanceof KubeStatusError ? thrown.status : 0;
    if (thrown instanceof Expired || status === 410) {
      this.#version = "";
      this.#count("expired");
      log.info("watch expired, listing again", fields);
      return;
    }
    this.#failures++;
    this.#count(status === 0 ? "connection" : `status ${status}`);
    // A definition that is not there yet is normal while a cluster is being set up.
    if (status === 404) {
      log.info("the API server does not serve this kind yet", { ...fields, path });
    } else log.warn("watch failed, trying again", fields);
  }

  /** Full jitter: a restarted server is not met by everybody at once. */
  async #pause(signal: AbortSignal): Promise<void> {
    if (this.#failures === 0) return;
    const limit = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#failures, 8));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.random() * limit);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      }, { once: true });
    });
  }

  #count(cause: string): void {
    this.restarts.set(cause, (this.restarts.get(cause) ?? 0) + 1);
  }
}

function keyOf(metadata: JsonObject): string {
  const namespace = asText(metadata.namespace);
  const name = asText(metadata.name);
  return namespace === "" ? name : `${namespace}/${name}`;
}

function asText(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
