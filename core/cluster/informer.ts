/**
 * Keeps a copy of one kind of objects: lists them in pages, watches from there, starts again when told
 * to (410), reconnects after anything else, and never gives up.
 *
 * Only what is needed of an object is kept: managedFields and the rest are dropped as they come.
 *
 * Not the informer of @kubernetes/client-node (1.4.0, compiled with Deno 2.7.11): when the API server
 * restarts, its broken watch ends this process with a rejection that nobody can catch.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { backoffMs } from "core/time/backoff.ts";
import { delay } from "core/time/clock.ts";
import { ApiError, type KubeClient } from "./client.ts";
import { watchEvents } from "./watch_stream.ts";

/** What an informer watches, and what it keeps of each object. */
export interface InformerOptions<Kept> {
  /** For logs and metrics, such as `namespaces`. */
  readonly name: string;
  /** Path of the collection. */
  readonly path: string;
  /** What is kept of an object; `undefined` for none of it. */
  readonly keep: (object: JsonObject) => Kept | undefined;
  readonly connection: Pick<KubeClient, "fetch" | "json">;
  readonly log: Logger;
  /** Objects asked for at once; fewer where each may be large. Default 500. */
  readonly pageSize?: number;
  /** Shorter in tests. */
  readonly times?: Partial<InformerTimes>;
}

/** How long things may take, in milliseconds unless they say otherwise. */
export interface InformerTimes {
  /** Seconds that one watch may take at most, asked for each: apart, so that not all end at once. */
  readonly watchSeconds: () => number;
  /** How long beyond its own end a watch may stay silent. */
  readonly graceMs: number;
  /** Most until the head of an answer; a server that hangs gives none. */
  readonly answerMs: number;
  /** Pause after the n-th failure in a row. */
  readonly backoffMs: (failures: number) => number;
  /** Most pause while the server does not serve the kind: somebody is installing it. */
  readonly unservedMs: number;
}

const TIMES: InformerTimes = {
  watchSeconds: () => 300 + Math.floor(Math.random() * 300),
  graceMs: 30_000,
  answerMs: 30_000,
  backoffMs,
  unservedMs: 3000,
};

const PAGE = 500;
/** A watch that ends sooner and brought nothing was no watch: something in between cuts it. */
const SHORT_MS = 1000;

/** Why list or watch started again; a label of the metric. */
type Cause = "timeout" | "expired" | "silence" | "connection" | "cut short" | `status ${number}`;

/** The server asks for a new list. */
class Expired extends Error {}
/** Nothing came for longer than the server had promised. */
class Silence extends Error {}
/** The server ended a watch at once. */
class CutShort extends Error {}

/** One running copy. */
export class Informer<Kept> {
  readonly #options: InformerOptions<Kept>;
  readonly #times: InformerTimes;
  #objects = new Map<string, Kept>();
  #version = "";
  #synced = false;
  #unserved = false;
  #failures = 0;
  #unpaged = false;
  /** Restarts of list or watch, by cause; for metrics. */
  readonly restarts = new Map<string, number>();

  constructor(options: InformerOptions<Kept>) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
  }

  /** For logs and metrics. */
  get name(): string {
    return this.#options.name;
  }

  /** True once everything was listed; it stays so while the server is away. */
  get synced(): boolean {
    return this.#synced;
  }

  /** True while the server says that there is no such kind. */
  get unserved(): boolean {
    return this.#unserved;
  }

  /** How many objects are kept. */
  get size(): number {
    return this.#objects.size;
  }

  /** An object by `namespace/name`, or by name where the kind has no namespaces. */
  get(key: string): Kept | undefined {
    return this.#objects.get(key);
  }

  /** Everything that is kept. */
  values(): Iterable<Kept> {
    return this.#objects.values();
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === "") await this.#list(signal);
        await this.#watch(signal);
        this.#count("timeout");
      } catch (thrown) {
        if (signal.aborted) return;
        await delay(this.#failed(thrown), { signal });
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const objects = new Map<string, Kept>();
    const { pageSize = PAGE } = this.#options;
    const limit = this.#unpaged ? 0 : pageSize;
    this.#unpaged = false;
    let next = "";
    let version: string;
    do {
      const query = `?limit=${limit}${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`;
      // Pages that expire before they are read would do so again: all at once the next time.
      this.#unpaged = next !== "";
      const list = await this.#page(query, signal);
      this.#unpaged = false;
      for (const item of Array.isArray(list.items) ? list.items : []) {
        if (isObject(item)) this.#put(objects, item);
      }
      const metadata = isObject(list.metadata) ? list.metadata : {};
      next = asText(metadata.continue);
      version = asText(metadata.resourceVersion);
    } while (next !== "");
    if (version === "") throw new TypeError("A list has no resourceVersion");
    // The new copy replaces the old one whole: what was deleted meanwhile is gone with it.
    this.#objects = objects;
    this.#version = version;
    this.#synced = true;
    this.#unserved = false;
    this.#options.log.info("listed", { kind: this.name, objects: objects.size, version });
  }

  async #page(query: string, signal: AbortSignal): Promise<JsonObject> {
    const page = await this.#options.connection.json(`${this.#options.path}${query}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(2 * this.#times.answerMs)]),
    });
    return isObject(page) ? page : {};
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const seconds = this.#times.watchSeconds();
    const query = `?watch=true&allowWatchBookmarks=true&timeoutSeconds=${seconds}` +
      `&resourceVersion=${encodeURIComponent(this.#version)}`;
    const silence = new AbortController();
    const silent = () => silence.abort(new Silence("the server has fallen silent"));
    let timer = setTimeout(silent, this.#times.answerMs);
    const begun = performance.now();
    let events = 0;
    try {
      const answer = await this.#options.connection.fetch(`${this.#options.path}${query}`, {
        signal: AbortSignal.any([signal, silence.signal]),
      });
      clearTimeout(timer);
      timer = setTimeout(silent, seconds * 1000 + this.#times.graceMs);
      if (answer.body === null) throw new TypeError("A watch has no body");
      for await (const event of watchEvents(answer.body)) {
        events++;
        this.#take(event.type, event.object);
        this.#failures = 0;
      }
    } finally {
      clearTimeout(timer);
    }
    const short = Math.min(SHORT_MS, seconds * 500);
    if (events === 0 && performance.now() - begun < short) {
      throw new CutShort("the server ended the watch at once");
    }
    this.#failures = 0;
  }

  #take(type: string, object: JsonObject): void {
    if (type === "ERROR") {
      const words = `watch error ${Number(object.code)}: ${asText(object.message)}`;
      // 504: "Too large resource version", after the server's data went back in time.
      if (object.code === 410 || object.code === 504) throw new Expired(words);
      throw new Error(words);
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

  /** Notes a failure; returns how long to wait. */
  #failed(thrown: unknown): number {
    const { log, path } = this.#options;
    const fields = { kind: this.name, reason: errorText(thrown) };
    const status = thrown instanceof ApiError ? thrown.status : 0;
    const cause = causeOf(thrown, status);
    this.#count(cause);
    this.#failures++;
    if (cause === "expired") {
      this.#version = "";
      log.info("watch expired, listing again", fields);
      // At once the first time; a server that says it each time is not asked all the time.
      return this.#failures === 1 ? 0 : this.#times.backoffMs(this.#failures);
    }
    // The server does not take this version (any more): a new list has one that it does.
    if ([400, 404, 500, 504].includes(status)) this.#version = "";
    if (status === 404) {
      // A definition that is not there yet is normal while a cluster is being set up. Said once.
      if (!this.#unserved) {
        log.info("the API server does not serve this kind yet", {
          ...fields,
          path,
        });
      }
      this.#unserved = true;
      return Math.min(this.#times.unservedMs, this.#times.backoffMs(this.#failures));
    }
    log.warn("watch failed, trying again", { ...fields, cause, failures: this.#failures });
    return this.#times.backoffMs(this.#failures);
  }

  #count(cause: Cause): void {
    this.restarts.set(cause, (this.restarts.get(cause) ?? 0) + 1);
  }
}

function causeOf(thrown: unknown, status: number): Cause {
  if (thrown instanceof Expired || status === 410) return "expired";
  if (status !== 0) return `status ${status}`;
  if (thrown instanceof Silence) return "silence";
  return thrown instanceof CutShort ? "cut short" : "connection";
}

function keyOf(metadata: JsonObject): string {
  const namespace = asText(metadata.namespace);
  const name = asText(metadata.name);
  return namespace === "" ? name : `${namespace}/${name}`;
}

function asText(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
