/**
 * Looking at a cluster for a person, who may see some of it and not the rest: what is there, what is not, and what
 * could not be looked at, which is never taken for an absence.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { ApiError } from "core/kube/api_error.ts";
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { KubeClient } from "./client.ts";

/** What a look gave. */
export type Found<T> =
  | { readonly is: "found"; readonly value: T }
  /** It is not there; of a list, its kind is not served. */
  | { readonly is: "absent" }
  | Unreadable;

/** It could not be looked at. */
export interface Unreadable {
  readonly is: "unreadable";
  /** The server's words, for a person. */
  readonly why: string;
  /** Whoever asks has no right to it: asking again does not help. */
  readonly forbidden: boolean;
}

/** How a list is read. */
export interface ListOptions {
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Objects of a page: what is in memory of those of which little is kept. Default 250. */
  readonly pageSize?: number;
}

/** Often enough for what a busy server throws away between two pages. */
const TRIES = 3;

/** Looks at objects through one client, and remembers what it could not see. */
export class ClusterReader {
  readonly #client: Pick<KubeClient, "json">;
  readonly #unread = new Map<string, string>();

  constructor(client: Pick<KubeClient, "json">) {
    this.#client = client;
  }

  /** What could not be looked at, by path, in the order in which it was asked for, and why. */
  get unread(): ReadonlyMap<string, string> {
    return this.#unread;
  }

  /**
   * One object.
   *
   * @throws {KumaError} `KUMA-CP-011` nobody may ask, `KUMA-HOST-160`, `-161` no server answers: then there is nothing
   *   to be found out at all.
   */
  async get(path: string): Promise<Found<JsonObject>> {
    try {
      const value = await this.#client.json(path);
      if (isObject(value)) return { is: "found", value };
      return this.#unreadable(path, new TypeError("the answer is no object"));
    } catch (thrown) {
      return isMissing(thrown) ? { is: "absent" } : this.#unreadable(path, thrown);
    }
  }

  /**
   * A list, page by page, of which `keep` keeps what is needed; undefined for none of an object.
   *
   * @throws {KumaError} as {@linkcode get}
   */
  async list<T>(
    path: string,
    keep: (object: JsonObject) => T | undefined,
    options: ListOptions = {},
  ): Promise<Found<T[]>> {
    for (let tries = 1;; tries++) {
      try {
        return { is: "found", value: await this.#pages(path, keep, options) };
      } catch (thrown) {
        // The pages that were not read yet are gone: another list has them all.
        if (thrown instanceof ApiError && thrown.status === 410 && tries < TRIES) continue;
        return isMissing(thrown) ? { is: "absent" } : this.#unreadable(path, thrown);
      }
    }
  }

  async #pages<T>(
    path: string,
    keep: (object: JsonObject) => T | undefined,
    { pageSize = 250, ...selection }: ListOptions,
  ): Promise<T[]> {
    const kept: T[] = [];
    let next = "";
    do {
      const query = new URLSearchParams({ limit: String(pageSize), ...selection });
      if (next !== "") query.set("continue", next);
      const page = await this.#client.json(`${path}?${query}`);
      if (!isObject(page)) throw new TypeError("the answer is no list");
      for (const item of objectsIn(page.items)) {
        const one = keptOf(item, keep);
        if (one !== undefined) kept.push(one);
      }
      const before = next;
      next = continuation(page.metadata);
      if (next !== "" && next === before) {
        throw new TypeError("the same page comes again and again");
      }
    } while (next !== "");
    return kept;
  }

  #unreadable(path: string, thrown: unknown): Unreadable {
    if (thrown instanceof ApiError) {
      if (thrown.status === 401) {
        throw new KumaError("KUMA-CP-011", "the API server does not know who asks (401)", {
          cause: thrown,
        });
      }
    } else if (thrown instanceof KumaError) throw thrown;
    const forbidden = thrown instanceof ApiError && thrown.status === 403;
    // `GET /api/…: 403 pods "web" is forbidden: …` has the path twice for whoever reads it.
    const why = errorText(thrown).replace(/^GET \S+: (?:403 )?/, "") || "it is forbidden";
    this.#unread.set(path, why);
    return { is: "unreadable", why, forbidden };
  }
}

/** The value of what was found; undefined for all else. */
export function valueOf<T>(found: Found<T>): T | undefined {
  return found.is === "found" ? found.value : undefined;
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof ApiError && thrown.status === 404;
}

function continuation(metadata: Json | undefined): string {
  const token = isObject(metadata) ? metadata.continue : undefined;
  return typeof token === "string" ? token : "";
}

/** Whatever a server sends may come here: what is read of an object need not be in it. */
function keptOf<T>(
  item: JsonObject,
  keep: (object: JsonObject) => T | undefined,
): T | undefined {
  try {
    return keep(item);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new TypeError("an object of the list lacks what its kind has", { cause });
  }
}
