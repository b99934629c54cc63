/**
 * What is kept of a Node.
 *
 * @module
 */
import { isTainted, viewNode } from "core/interception/taint.ts";
import type { Labels } from "core/kube/selector.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";

/** A node. */
export interface ClusterNode {
  readonly name: string;
  readonly labels: Labels;
  /** It has our taint. */
  readonly tainted: boolean;
  readonly windows: boolean;
}

/** Reads one. */
export function readNodeFacts(object: JsonObject): ClusterNode | undefined {
  const view = viewNode(object);
  if (view === undefined) return undefined;
  const { labels } = isObject(object.metadata) ? object.metadata : {};
  return {
    name: view.name,
    labels: (isObject(labels) ? labels : {}) as Labels,
    tainted: isTainted(view),
    windows: view.windows,
  };
}
