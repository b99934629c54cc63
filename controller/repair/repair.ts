/**
 * Finds pods of the mesh that started without interception, tells of them, and mends them where it is told to.
 *
 * Its limit: it believes the pod's own check, `kuma-validation`. Pods without that container are not looked at.
 *
 * @module
 */
import { ApiError, type KubeClient } from "core/cluster/client.ts";
import { EventRecorder, type EventText } from "core/cluster/event_recorder.ts";
import { Informer } from "core/cluster/informer.ts";
import { deleteObject, patchObject } from "core/cluster/writes.ts";
import type { InformerStatus } from "core/cluster/informer_options.ts";
import { LABELS } from "core/kube/annotations.ts";
import type { Logger } from "core/log/logger.ts";
import { REPAIR_METRICS } from "core/metrics/controller_metrics.ts";
import { MetricSet } from "core/metrics/metrics.ts";
import { Rate } from "core/serve/rate.ts";
import type { CniPodView } from "core/interception/cni_pod.ts";
import { cniPodsOn, watchCniPods } from "../cni_pods.ts";
import type { Controller } from "../controller.ts";
import {
  decideRepair,
  type RepairAction,
  type RepairDecision,
  repairMessage,
} from "core/interception/repair.ts";
import { type CheckedPod, viewCheckedPod } from "core/interception/checked_pod.ts";

/** Every cause has its series from the start: an alert needs the 0. */
const CAUSES = ["before-cni", "without-cni", "despite-cni", "unknown"] as const;

/** What it works with. */
export interface RepairOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly action: RepairAction;
  /** Most deletions in a minute. */
  readonly perMinute: number;
  /** Undefined where nobody said which pods are the CNI. */
  readonly cniPods: Informer<CniPodView> | undefined;
}

/**
 * The controller `kuma-repair-controller`. It needs `list` and `watch` on pods, `create` and `patch` on events,
 * and `patch` or `delete` on pods where it is to label or delete.
 */
export class RepairController implements Controller {
  readonly name = "kuma-repair-controller";
  readonly concurrency = 1;
  readonly metrics = new MetricSet(REPAIR_METRICS);
  readonly #options: RepairOptions;
  readonly #events: EventRecorder;
  readonly #rate: Rate;
  readonly #starting: Informer<CheckedPod>;
  /** Those with our label: also the healed ones, to take it away. */
  readonly #labelled: Informer<CheckedPod> | undefined;
  /** What was told last, by pod: each failure of the check is told once. */
  readonly #told = new Map<string, string>();

  constructor(options: RepairOptions) {
    const { client, log, action, perMinute } = options;
    this.#options = options;
    this.#events = new EventRecorder({ client, component: "kuma-controller", log });
    this.#rate = new Rate(perMinute, perMinute / 60);
    const common = { connection: client, log, path: "/api/v1/pods", keep: viewCheckedPod };
    this.#starting = new Informer({
      ...common,
      name: "starting-pods",
      // A check that fails keeps its pod from running: of most pods nothing is read.
      selection: { fieldSelector: "status.phase!=Running,status.phase!=Succeeded" },
      indices: { node: ({ node }) => [node] },
    });
    if (action === "label") {
      this.#labelled = new Informer({
        ...common,
        name: "labelled-pods",
        selection: { labelSelector: LABELS.uninitialized },
      });
    }
    this.metrics.onPage(() => this.#count());
  }

  get informers(): readonly InformerStatus[] {
    return [this.#starting, this.#labelled, this.#options.cniPods]
      .filter((one) => one !== undefined);
  }

  watch(add: (key: string) => void): () => void {
    const { cniPods } = this.#options;
    const ends = [this.#starting, this.#labelled].map((pods) =>
      pods?.subscribe(({ key }) => add(key))
    );
    if (cniPods !== undefined) {
      ends.push(watchCniPods(cniPods, (node) => this.#starting.by("node", node).forEach(add)));
    }
    return () => ends.forEach((end) => end?.());
  }

  async reconcile(key: string, signal: AbortSignal): Promise<number | void> {
    const held = this.#starting.held(key) ?? this.#labelled?.held(key);
    if (held === undefined) return void this.#told.delete(key);
    const { object: pod, uid, resourceVersion } = held;
    const decision = this.#decide(pod);
    const { step } = decision;
    this.#tell(key, pod, decision);
    if (step === "delete" && !this.#rate.take()) {
      this.metrics.add("kuma_controller_repairs_held_back_total");
      return this.#rate.waitMs;
    }
    if (step === "none") return;
    const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/` +
      encodeURIComponent(pod.name);
    const exact = { uid, resourceVersion, signal };
    try {
      if (step === "delete") await deleteObject(this.#options.client, path, exact);
      else {
        const labels = { [LABELS.uninitialized]: step === "label" ? "true" : null };
        await patchObject(this.#options.client, path, "merge", { metadata: { labels } }, exact);
      }
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 404) return;
      throw thrown;
    }
    this.metrics.add("kuma_controller_repairs_total", { action: step });
    this.#options.log.info("pod repaired", { pod: key, node: pod.node, step });
    if (step !== "delete") return;
    this.#record(pod, {
      type: "Normal",
      reason: "DeletedForRepair",
      message: "Deleted, so that its controller makes a new one: the CNI is ready now",
    });
  }

  #decide(pod: CheckedPod): RepairDecision {
    const { cniPods, action } = this.#options;
    return decideRepair(pod, cniPods && cniPodsOn(cniPods, pod.node), action);
  }

  #tell(key: string, pod: CheckedPod, decision: RepairDecision): void {
    const { cause } = decision;
    if (cause === undefined) return;
    const said = `${pod.uid} ${pod.restarts} ${cause}`;
    if (this.#told.get(key) === said) return;
    this.#told.set(key, said);
    const message = repairMessage(pod, decision);
    this.#options.log.warn("a pod has no interception", { pod: key, node: pod.node, cause });
    this.#record(pod, { type: "Warning", reason: "NotIntercepted", message });
  }

  /** Nobody waits for an Event: it tells, and is not what mends. */
  #record({ namespace, name, uid }: CheckedPod, text: EventText): void {
    void this.#events.record({ apiVersion: "v1", kind: "Pod", namespace, name, uid }, text);
  }

  #count(): void {
    const counts = new Map<string, number>(CAUSES.map((cause) => [cause, 0]));
    for (const pod of this.#starting.values()) {
      const { cause } = this.#decide(pod);
      if (cause !== undefined) counts.set(cause, (counts.get(cause) ?? 0) + 1);
    }
    for (const [cause, count] of counts) {
      this.metrics.set("kuma_controller_pods_not_intercepted", count, { cause });
    }
  }
}
