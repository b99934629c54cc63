/**
 * Keeps a copy of one kind of objects: lists them in pages, watches from there, starts again when told
 * to (410), reconnects after anything else, and never gives up.
 *
 * Only what is needed of an object is kept: managedFields and the rest are dropped as they come.
 *
 * Not the informer of @kubernetes/client-node (1.4.0, compiled with Deno 2.7.11): when the API server
 * restarts, its broken watch ends this process with a rejection that nobody can catch.
 *
 * It needs the verbs `list` and `watch` on the kind.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { delay } from "core/time/clock.ts";
import { after } from "core/time/timer.ts";
import { ApiError } from "./client.ts";
import {
  type InformerOptions,
  type InformerStatus,
  type InformerTimes,
  pathOf,
  TIMES,
} from "./informer_options.ts";
import { asText, keyOf } from "./object_key.ts";
import { type Held, type ObjectEvent, ObjectStore } from "./object_store.ts";
import { type Cause, causeOf, CutShort, Expired, Silence } from "./restart_cause.ts";
import { untilChanged } from "./until.ts";
import { watchEvents } from "./watch_stream.ts";

const PAGE = 500;
/** A watch that ends sooner and brought nothing was no watch: something in between cuts it. */
const SHORT_MS = 1000;
/** A server in trouble may ask for a pause (Retry-After); one that asks for hours is not believed. */
const LONGEST_ASKED_MS = 60_000;

/** One running copy. */
export class Informer<Kept> implements InformerStatus {
  readonly #options: InformerOptions<Kept>;
  readonly #times: InformerTimes;
  readonly #random: () => number;
  readonly #store: ObjectStore<Kept>;
  readonly #listeners = new Set<(event: ObjectEvent<Kept>) => void>();
  readonly #waiters = new Set<() => void>();
  #version = "";
  #changes = 0;
  #synced = false;
  #unserved = false;
  #failures = 0;
  #unpaged = false;
  /** Restarts of list or watch, by cause; for metrics. */
  readonly restarts = new Map<string, number>();

  constructor(options: InformerOptions<Kept>) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#random = options.random ?? Math.random;
    this.#store = new ObjectStore(options.indices ?? {}, (event) => {
      for (const listener of this.#listeners) this.#call(listener, event);
    });
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
    return this.#store.size;
  }

  /** Counts the lists and events that were taken. */
  get changes(): number {
    return this.#changes;
  }

  /** An object by `namespace/name`, or by name where the kind has no namespaces. */
  get(key: string): Kept | undefined {
    return this.#store.get(key)?.object;
  }

  /** `resourceVersion` and uid of an object, for preconditions of a write. */
  held(key: string): Held<Kept> | undefined {
    return this.#store.get(key);
  }

  /** Everything that is kept. */
  *values(): Generator<Kept> {
    for (const [, held] of this.#store.entries()) yield held.object;
  }

  /** The keys of what an index has under a value. */
  by(index: string, value: string): readonly string[] {
    return this.#store.keysBy(index, value);
  }

  /**
   * Calls `listener` at once for everything that is here, as `added`, and then for each change, after it was
   * made. A listener that throws is logged and called again the next time. Returns how to end it.
   */
  subscribe(listener: (event: ObjectEvent<Kept>) => void): () => void {
    this.#listeners.add(listener);
    for (const [key, { object }] of [...this.#store.entries()]) {
      this.#call(listener, { type: "added", key, object, synthetic: true });
    }
    return () => this.#listeners.delete(listener);
  }

  /**
   * Waits until `test` gives something other than undefined or false, which it is asked now and after each
   * change. Gives that; undefined when the signal fires first.
   */
  until<T>(test: () => T | undefined | false, signal: AbortSignal): Promise<T | undefined> {
    return untilChanged(
      (waiter) => {
        this.#waiters.add(waiter);
        return () => this.#waiters.delete(waiter);
      },
      test,
      signal,
    );
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
    const objects = new Map<string, Held<Kept>>();
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
        if (!isObject(item)) continue;
        const held = this.#heldOf(item);
        if (held !== undefined) objects.set(keyOf(item), held);
      }
      const metadata = isObject(list.metadata) ? list.metadata : {};
      next = asText(metadata.continue);
      version = asText(metadata.resourceVersion);
    } while (next !== "");
    if (version === "") throw new TypeError("A list has no resourceVersion");
    // The new copy replaces the old one whole: what was deleted meanwhile is gone with it.
    this.#store.replace(objects);
    this.#version = version;
    this.#synced = true;
    this.#unserved = false;
    this.#wake();
    this.#options.log.info("listed", { kind: this.name, objects: objects.size, version });
  }

  async #page(query: string, signal: AbortSignal): Promise<JsonObject> {
    const page = await this.#options.connection.json(pathOf(this.#options, query), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(2 * this.#times.answerMs)]),
    });
    return isObject(page) ? page : {};
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const seconds = this.#times.watchSeconds(this.#random);
    const query = `?watch=true&allowWatchBookmarks=true&timeoutSeconds=${seconds}` +
      `&resourceVersion=${encodeURIComponent(this.#version)}`;
    const silence = new AbortController();
    const silent = () => silence.abort(new Silence("the server has fallen silent"));
    using watchdog = after(this.#times.answerMs, silent);
    let events = 0;
    const answer = await this.#options.connection.fetch(pathOf(this.#options, query), {
      signal: AbortSignal.any([signal, silence.signal]),
    });
    watchdog.again(seconds * 1000 + this.#times.graceMs);
    if (answer.body === null) throw new TypeError("A watch has no body");
    const begun = performance.now();
    const lived = () => performance.now() - begun >= Math.min(SHORT_MS, seconds * 500);
    try {
      for await (const event of watchEvents(answer.body)) {
        events++;
        this.#take(event.type, event.object);
        this.#failures = 0;
      }
    } finally {
      // However it ended, it was there: what is quiet is not left alone for longer each time.
      if (lived()) this.#failures = 0;
    }
    if (events === 0 && !lived()) throw new CutShort("the server ended the watch at once");
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
    const version = asText(metadata.resourceVersion);
    if (version !== "") this.#version = version;
    if (type !== "DELETED" && type !== "ADDED" && type !== "MODIFIED") return;
    const held = type === "DELETED" ? undefined : this.#heldOf(object);
    if (held === undefined) this.#store.delete(keyOf(object));
    else this.#store.put(keyOf(object), held);
    this.#wake();
  }

  #heldOf(object: JsonObject): Held<Kept> | undefined {
    const metadata = isObject(object.metadata) ? object.metadata : {};
    const kept = this.#options.keep(object);
    return kept === undefined ? undefined : {
      object: kept,
      uid: asText(metadata.uid),
      resourceVersion: asText(metadata.resourceVersion),
    };
  }

  #wake(): void {
    this.#changes++;
    for (const waiter of [...this.#waiters]) waiter();
  }

  #call(listener: (event: ObjectEvent<Kept>) => void, event: ObjectEvent<Kept>): void {
    try {
      listener(event);
    } catch (thrown) {
      const fields = { kind: this.name, key: event.key, reason: errorText(thrown) };
      this.#options.log.error("a listener failed", fields);
    }
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
      return this.#failures === 1 ? 0 : this.#times.backoffMs(this.#failures, this.#random);
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
      this.#wake();
      return Math.min(this.#times.unservedMs, this.#times.backoffMs(this.#failures, this.#random));
    }
    log.warn("watch failed, trying again", { ...fields, cause, failures: this.#failures });
    const asked = thrown instanceof ApiError ? thrown.retryAfter ?? 0 : 0;
    return Math.max(
      Math.min(asked, LONGEST_ASKED_MS),
      this.#times.backoffMs(this.#failures, this.#random),
    );
  }

  #count(cause: Cause): void {
    this.restarts.set(cause, (this.restarts.get(cause) ?? 0) + 1);
  }
}
