/**
 * Taints nodes until their CNI pod is ready.
 *
 * Its limit: a new node can be scheduled to until the taint is there. Nodes that are born with it
 * (kubelet's `--register-with-taints=NodeReadiness:NoSchedule`) have no such gap, and are freed as others are.
 *
 * @module
 */
import { ApiError, type KubeClient } from "core/cluster/client.ts";
import { Informer } from "core/cluster/informer.ts";
import { patchObject } from "core/cluster/writes.ts";
import type { Logger } from "core/log/logger.ts";
import { TAINT_METRICS } from "core/metrics/controller_metrics.ts";
import { MetricSet } from "core/metrics/metrics.ts";
import { isObject } from "core/patch/json.ts";
import type { Controller } from "../controller.ts";
import type { CniPodView } from "core/interception/cni_pod.ts";
import { cniPodsOn, watchCniPods } from "../cni_pods.ts";
import { decideTaints, isTainted, type NodeView, viewNode } from "core/interception/taint.ts";

/** What a 409 is answered with: so many fresh reads, then the queue's pause. */
const TRIES = 5;

/** What it works with. */
export interface TaintOptions {
  readonly client: KubeClient;
  readonly cniPods: Informer<CniPodView>;
  readonly log: Logger;
}

/**
 * The controller `kuma-cni-taint-controller`. It needs `get`, `list`, `watch` and `patch` on nodes, `list` and
 * `watch` on pods of the CNI's namespace.
 */
export class TaintController implements Controller {
  readonly name = "kuma-cni-taint-controller";
  readonly concurrency = 4;
  readonly metrics: MetricSet<typeof TAINT_METRICS>;
  readonly #nodes: Informer<NodeView>;
  readonly #pods: Informer<CniPodView>;
  readonly #client: KubeClient;
  readonly #log: Logger;

  constructor({ client, cniPods, log }: TaintOptions) {
    this.#client = client;
    this.#log = log;
    this.#pods = cniPods;
    this.#nodes = new Informer({
      connection: client,
      log,
      name: "nodes",
      path: "/api/v1/nodes",
      keep: viewNode,
    });
    this.metrics = new MetricSet(TAINT_METRICS);
    this.metrics.onPage(() => {
      const tainted = [...this.#nodes.values()].filter(isTainted);
      this.metrics.set("kuma_controller_nodes_tainted", tainted.length);
    });
  }

  get informers(): readonly [Informer<NodeView>, Informer<CniPodView>] {
    return [this.#nodes, this.#pods];
  }

  watch(add: (key: string) => void): () => void {
    const nodes = this.#nodes.subscribe((event) => {
      if (event.type !== "deleted") add(event.key);
    });
    const pods = watchCniPods(this.#pods, add);
    return () => {
      nodes();
      pods();
    };
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const held = this.#nodes.get(name);
    if (held === undefined || decideTaints(held, cniPodsOn(this.#pods, name)) === undefined) return;
    for (let tries = 1;; tries++) {
      try {
        return await this.#change(name, signal);
      } catch (thrown) {
        if (!(thrown instanceof ApiError) || thrown.status !== 409 || tries === TRIES) throw thrown;
      }
    }
  }

  /** Reads the node anew: a list of taints replaces the whole one, so it has to be the latest. */
  async #change(name: string, signal: AbortSignal): Promise<void> {
    const path = `/api/v1/nodes/${encodeURIComponent(name)}`;
    let object;
    try {
      object = await this.#client.json(path, { signal });
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 404) return;
      throw thrown;
    }
    const node = isObject(object) ? viewNode(object) : undefined;
    if (!isObject(object) || node === undefined) return;
    const taints = decideTaints(node, cniPodsOn(this.#pods, name));
    if (taints === undefined) return;
    const { resourceVersion } = isObject(object.metadata) ? object.metadata : {};
    await patchObject(this.#client, path, "merge", { spec: { taints } }, {
      resourceVersion: String(resourceVersion),
      signal,
    });
    const change = taints.length > node.taints.length ? "added" : "removed";
    this.metrics.add("kuma_controller_taint_changes_total", { change });
    this.#log.info(change === "added" ? "node tainted: its CNI is not ready" : "node freed", {
      node: name,
    });
  }
}
