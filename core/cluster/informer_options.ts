/**
 * What an informer is told, and its times.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import type { JsonObject } from "core/patch/json.ts";
import { backoffMs } from "core/time/backoff.ts";
import type { KubeClient } from "./client.ts";
import type { Indexer } from "./object_store.ts";

/** What an informer watches, and what it keeps of each object. */
export interface InformerOptions<Kept> {
  /** For logs and metrics, such as `namespaces`. */
  readonly name: string;
  /** Path of the collection. */
  readonly path: string;
  /**
   * Which of its objects, as `fieldSelector` or `labelSelector` of list and watch. The server tells of one that
   * is no longer among them as of a deleted one.
   */
  readonly selection?: Readonly<Partial<Record<"fieldSelector" | "labelSelector", string>>>;
  /** What is kept of an object; `undefined` for none of it. */
  readonly keep: (object: JsonObject) => Kept | undefined;
  readonly connection: Pick<KubeClient, "fetch" | "json">;
  readonly log: Logger;
  /** Objects asked for at once; fewer where each may be large. Default 500. */
  readonly pageSize?: number;
  /** Further ways to look objects up, by name: {@linkcode Informer.by}. */
  readonly indices?: Readonly<Record<string, Indexer<Kept>>>;
  /** Chance, from 0 to 1: that informers do not all do things at the same moment. */
  readonly random?: () => number;
  /** Shorter in tests. */
  readonly times?: Partial<InformerTimes>;
}

/** The path of a request: the collection, this query, and the selection. */
export function pathOf(
  { path, selection = {} }: Pick<InformerOptions<unknown>, "path" | "selection">,
  query: string,
): string {
  const selected = Object.entries(selection)
    .map(([name, selector]) => `&${name}=${encodeURIComponent(selector)}`);
  return `${path}${query}${selected.join("")}`;
}

/** How long things may take, in milliseconds unless they say otherwise. */
export interface InformerTimes {
  /** Seconds that one watch may take at most, asked for each: apart, so that not all end at once. */
  readonly watchSeconds: (random: () => number) => number;
  /** How long beyond its own end a watch may stay silent. */
  readonly graceMs: number;
  /** Most until the head of an answer; a server that hangs gives none. */
  readonly answerMs: number;
  /** Pause after the n-th failure in a row. */
  readonly backoffMs: (failures: number, random: () => number) => number;
  /** Most pause while the server does not serve the kind: somebody is installing it. */
  readonly unservedMs: number;
}

/** As the field has found them to keep a watch alive. */
export const TIMES: InformerTimes = {
  watchSeconds: (random) => 300 + Math.floor(random() * 300),
  graceMs: 30_000,
  answerMs: 30_000,
  backoffMs,
  unservedMs: 3000,
};

/** An informer of any kind of objects, as readiness and metrics see it. */
export interface InformerStatus {
  readonly name: string;
  readonly synced: boolean;
  readonly unserved: boolean;
  readonly size: number;
  readonly changes: number;
  readonly restarts: ReadonlyMap<string, number>;
  until<T>(test: () => T | undefined | false, signal: AbortSignal): Promise<T | undefined>;
  run(signal: AbortSignal): Promise<void>;
}
