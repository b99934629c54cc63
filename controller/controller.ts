/**
 * What a control loop is, and how it runs: informers say which objects to look at, a queue takes each once,
 * `reconcile` makes it what it should be.
 *
 * @module
 */
import { ApiError } from "core/cluster/client.ts";
import type { InformerStatus } from "core/cluster/informer_options.ts";
import { WorkQueue } from "core/cluster/work_queue.ts";
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { LOOP_METRICS } from "core/metrics/controller_metrics.ts";
import type { MetricSet } from "core/metrics/metrics.ts";
import type { Json } from "core/patch/json.ts";

/** One control loop. It has no state of its own beside what informers hold: any replica can go on with it. */
export interface Controller {
  /** For logs and metrics, such as `kuma-cni-taint-controller`. */
  readonly name: string;
  /** Keys that are worked on at once. */
  readonly concurrency: number;
  /** What it looks at; the work begins when all of these were listed, or are not served by the cluster. */
  readonly informers: readonly InformerStatus[];
  /**
   * Adds to the queue what may have to be done, now for all that is there and then with each change.
   * Called once for each time this replica leads. Returns how to end it.
   */
  watch(add: (key: string) => void): () => void;
  /**
   * Makes one object what it should be; gives milliseconds after which to look again, where nothing will
   * say so. What it throws is logged, and the key comes again, later each time.
   */
  reconcile(key: string, signal: AbortSignal): Promise<number | void>;
  /** Further pages of metrics, asked for each `/metrics`. */
  readonly metrics?: { page(): string };
  /** What is wrong now, for the page `/status`. */
  status?(): Json;
}

/** A set that holds them. */
export type LoopMetrics = MetricSet<typeof LOOP_METRICS>;

/** Runs one control loop until the signal fires; resolves when the last reconciliation has ended. */
export async function runController(
  controller: Controller,
  { log, metrics }: { log: Logger; metrics: LoopMetrics },
  signal: AbortSignal,
): Promise<void> {
  const { name, informers } = controller;
  const queue = new WorkQueue();
  const known = await Promise.all(
    informers.map((one) => one.until(() => one.synced || one.unserved, signal)),
  );
  if (signal.aborted || known.includes(undefined)) return;
  const stop = controller.watch((key) => queue.add(key));
  metrics.onPage(() => {
    metrics.set("workqueue_depth", queue.depth, { name });
    metrics.set("workqueue_delayed", queue.delayed, { name });
  });
  const count = (result: "success" | "error") =>
    metrics.add("controller_runtime_reconcile_total", { controller: name, result });
  const work = async (key: string, signal: AbortSignal) => {
    const started = performance.now();
    try {
      const again = await controller.reconcile(key, signal);
      count("success");
      return again;
    } finally {
      const seconds = (performance.now() - started) / 1000;
      metrics.observe("controller_runtime_reconcile_time_seconds", seconds, { controller: name });
    }
  };
  try {
    await queue.run(work, {
      concurrency: controller.concurrency,
      signal,
      failed: (key, thrown, retryMs) => {
        count("error");
        metrics.add("workqueue_retries_total", { name });
        // A lost race is the usual thing where several write; the next try reads anew.
        const level = thrown instanceof ApiError && thrown.status === 409 ? "debug" : "warn";
        const code = thrown instanceof KumaError ? { code: thrown.code } : {};
        const reason = errorText(thrown);
        log[level]("not reconciled", { controller: name, key, ...code, reason, retryMs });
      },
    });
  } finally {
    stop();
  }
}
