/**
 * Writes Dataplanes, and knows what it has written before the informer does, so that nothing is written twice.
 *
 * @module
 */
import { ApiError, type KubeClient } from "core/cluster/client.ts";
import { keyOf } from "core/cluster/object_key.ts";
import type { Held, ObjectEvent } from "core/cluster/object_store.ts";
import { createObject, deleteObject, patchObject } from "core/cluster/writes.ts";
import type { Dataplane } from "core/dataplane/decision.ts";
import {
  type DataplaneFacts,
  dataplaneObject,
  dataplanePatch,
  readDataplane,
} from "core/dataplane/object.ts";
import { metadataOf, textOf } from "core/dataplane/read_facts.ts";
import type { JsonObject } from "core/patch/json.ts";
import { after } from "core/time/timer.ts";

/** A Dataplane as it is known, with what a write has to find unchanged. */
export type HeldDataplane = Held<DataplaneFacts>;

/** What a write has done; `raced` where somebody else was faster, whose write is heard of soon. */
export type Written = "created" | "updated" | "deleted" | "unchanged" | "raced";

/** What the writer asks of the informer. */
export interface DataplaneSource {
  held(key: string): HeldDataplane | undefined;
  subscribe(listener: (event: ObjectEvent<DataplaneFacts>) => void): () => void;
}

/** A server that takes a write and does not answer must not keep a key for ever. */
const ANSWER_MS = 30_000;

/** One writer. */
export class DataplaneWriter {
  readonly #client: Pick<KubeClient, "json">;
  readonly #source: DataplaneSource;
  /** Own writes that the informer has not told of yet; undefined for a deletion. */
  readonly #written = new Map<string, HeldDataplane | { readonly deleted: string }>();

  constructor(client: Pick<KubeClient, "json">, source: DataplaneSource) {
    this.#client = client;
    this.#source = source;
  }

  /** Listens to the informer until the function that it returns is called. */
  follow(): () => void {
    this.#written.clear();
    return this.#source.subscribe((event) => {
      const own = this.#written.get(event.key);
      if (own === undefined) return;
      // Of a deletion it is not told which life it ended; a create that comes too early is refused, and told.
      if (event.type === "deleted") this.#written.delete(event.key);
      else if (!("deleted" in own)) {
        const there = this.#source.held(event.key);
        if (there !== undefined && !isOlder(there, own)) this.#written.delete(event.key);
      }
    });
  }

  /** The Dataplane of a key as far as it is known, own writes included. */
  there(key: string): HeldDataplane | undefined {
    const held = this.#source.held(key);
    const own = this.#written.get(key);
    if (own === undefined) return held;
    if ("deleted" in own) return held?.uid === own.deleted ? undefined : held;
    return held === undefined || isOlder(held, own) ? own : held;
  }

  /**
   * Creates it, or changes what is there. Gives milliseconds where nothing was written, since `pause` asks to wait so
   * long; it is asked only where something is to be written. Throws `ApiError` for what is refused.
   */
  async write(
    key: string,
    wanted: Dataplane,
    signal: AbortSignal,
    pause: () => number,
  ): Promise<Written | number> {
    const there = this.there(key);
    const patch = there === undefined ? [] : dataplanePatch(there.object, wanted);
    if (there !== undefined && patch.length === 0) return "unchanged";
    const ms = pause();
    if (ms > 0) return ms;
    if (there === undefined) return await this.#create(key, wanted, signal);
    return await raced([404, 409], signal, async (signal) => {
      const { resourceVersion } = there;
      const path = pathOf(wanted.namespace, wanted.name);
      const options = { resourceVersion, signal };
      this.#note(key, await patchObject(this.#client, path, "json", patch, options));
      return "updated";
    });
  }

  /** Deletes the one that is there, and no later one. */
  async delete(key: string, there: HeldDataplane, signal: AbortSignal): Promise<Written> {
    const [namespace = "", name = ""] = key.split("/");
    const { uid, resourceVersion } = there;
    return await raced([404, 409], signal, async (signal) => {
      await deleteObject(this.#client, pathOf(namespace, name), { uid, resourceVersion, signal });
      this.#written.set(key, { deleted: uid });
      return "deleted";
    });
  }

  async #create(key: string, wanted: Dataplane, signal: AbortSignal): Promise<Written> {
    return await raced([409], signal, async (signal) => {
      const collection = collectionOf(wanted.namespace);
      const body = dataplaneObject(wanted);
      this.#note(key, await createObject(this.#client, collection, body, { signal }));
      return "created";
    });
  }

  #note(key: string, object: JsonObject): void {
    const { uid, resourceVersion } = metadataOf(object);
    const own = {
      object: readDataplane(object),
      uid: textOf(uid),
      resourceVersion: textOf(resourceVersion),
    };
    // The informer may have been faster than the answer.
    const there = this.#source.held(key);
    if (keyOf(object) === key && (there === undefined || isOlder(there, own))) {
      this.#written.set(key, own);
    }
  }
}

/**
 * Writes within the time that an answer may take. Where somebody else has created, changed or deleted it meanwhile,
 * which these statuses say, the news of that brings the key again.
 */
async function raced(
  statuses: readonly number[],
  signal: AbortSignal,
  write: (signal: AbortSignal) => Promise<Written>,
): Promise<Written> {
  // A signal of its own for each write: the other one lives for months, and would remember all of them.
  const over = new AbortController();
  const end = () => over.abort(signal.reason);
  signal.addEventListener("abort", end);
  using _late = after(ANSWER_MS, () => over.abort(new Error("the API server does not answer")));
  try {
    signal.throwIfAborted();
    return await write(over.signal);
  } catch (thrown) {
    if (thrown instanceof ApiError && statuses.includes(thrown.status)) return "raced";
    throw thrown;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** Versions of one kind grow; those that are no numbers are taken as new. */
function isOlder(one: HeldDataplane, than: HeldDataplane): boolean {
  const digits = /^[0-9]+$/;
  if (!digits.test(one.resourceVersion) || !digits.test(than.resourceVersion)) return false;
  return BigInt(one.resourceVersion) < BigInt(than.resourceVersion);
}

function collectionOf(namespace: string): string {
  return `/apis/kuma.io/v1alpha1/namespaces/${encodeURIComponent(namespace)}/dataplanes`;
}

function pathOf(namespace: string, name: string): string {
  return `${collectionOf(namespace)}/${encodeURIComponent(name)}`;
}
