/**
 * Kubernetes Events: what `kubectl describe` shows people about an object. The same Event again counts up
 * the one that is there, and an object that has too many gets no more for a while.
 *
 * It needs the verbs `create` and `patch` on core `events`, in the namespaces of the objects (`default` for
 * objects without one).
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject } from "core/patch/json.ts";
import { type Clock, systemClock } from "core/time/clock.ts";
import { ApiError } from "./client.ts";
import { createObject, patchObject, type Writer } from "./writes.ts";

/** What an Event is about. */
export interface EventTarget {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for an object without a namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** One Event: `reason` is a word in CamelCase, `message` a sentence of at most 1024 characters. */
export interface EventText {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** Who writes. */
export interface EventRecorderOptions {
  readonly client: Writer;
  /** Shown as the source, such as `kuma-controller`. */
  readonly component: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** client-go's limits for one object: so many at once, then one in five minutes. */
const BURST = 25;
const REFILL_MS = 300_000;
/** Most objects and Events that are remembered; the oldest are forgotten. */
const REMEMBERED = 4096;
/** The API server refuses longer ones. */
const MAX_MESSAGE = 1024;
const TIMEOUT_MS = 10_000;

/** Writes Events, one after the other. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #written = new Map<string, { readonly path: string; count: number }>();
  readonly #tokens = new Map<string, { left: number; at: number }>();
  #last: Promise<void> = Promise.resolve();
  /** Events that were not written: too many, or refused. For metrics. */
  dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Writes an Event. It never rejects: an Event that cannot be written is logged, and what it tells of goes
   * on. Resolves when the server has it, or it was dropped.
   */
  record(about: EventTarget, text: EventText): Promise<void> {
    if (!this.#allows(about.uid)) {
      this.dropped++;
      return Promise.resolve();
    }
    this.#last = this.#last.then(() => this.#write(about, text)).catch((thrown) => {
      this.dropped++;
      const { kind, namespace, name } = about;
      const fields = { kind, name: `${namespace}/${name}`, event: text.reason };
      this.#options.log.warn("event not written", { ...fields, reason: errorText(thrown) });
    });
    return this.#last;
  }

  /** Whether this object may have one more now: a bucket of tokens that fills slowly. */
  #allows(uid: string): boolean {
    const now = this.#clock.now();
    const bucket = this.#tokens.get(uid) ?? { left: BURST, at: now };
    const left = Math.min(BURST, bucket.left + (now - bucket.at) / REFILL_MS);
    remember(this.#tokens, uid, { left: left >= 1 ? left - 1 : left, at: now });
    return left >= 1;
  }

  async #write(about: EventTarget, text: EventText): Promise<void> {
    const message = text.message.length > MAX_MESSAGE
      ? `${text.message.slice(0, MAX_MESSAGE - 1)}…`
      : text.message;
    const key = JSON.stringify([about.uid, text.type, text.reason, message]);
    const lastTimestamp = new Date(this.#clock.wall()).toISOString().replace(/\.\d+/, "");
    const { client, component } = this.#options;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const present = this.#written.get(key);
    if (present !== undefined) {
      const count = present.count + 1;
      try {
        await patchObject(client, present.path, "merge", { count, lastTimestamp }, { signal });
        remember(this.#written, key, { path: present.path, count });
        return;
      } catch (thrown) {
        // The server forgets Events after an hour: then it is a new one.
        if (!(thrown instanceof ApiError) || thrown.status !== 404) throw thrown;
      }
    }
    const namespace = about.namespace === "" ? "default" : about.namespace;
    const collection = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    const made = await createObject(client, collection, {
      apiVersion: "v1",
      kind: "Event",
      // Cut to what a name may be, with the suffix.
      metadata: { generateName: `${about.name.slice(0, 200)}.`, namespace },
      involvedObject: { ...about },
      type: text.type,
      reason: text.reason,
      message,
      source: { component },
      reportingComponent: component,
      reportingInstance: component,
      firstTimestamp: lastTimestamp,
      lastTimestamp,
      count: 1,
    }, { signal });
    const { name } = isObject(made.metadata) ? made.metadata : {};
    const path = `${collection}/${encodeURIComponent(String(name))}`;
    remember(this.#written, key, { path, count: 1 });
  }
}

/** Puts an entry at the end and drops the oldest where there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
