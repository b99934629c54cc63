/**
 * What the loader counts of pods.
 *
 * @module
 */
import type { Pins } from "core/host/bpf/pins.ts";
import { podCounters } from "core/host/bpf/status.ts";
import { POD_METRICS } from "core/metrics/loader_metrics.ts";
import { MetricSet } from "core/metrics/metrics.ts";

/** The lines of all pods, from the maps: a set for each page, so that pods that have gone leave none. */
export function podMetrics(pins: Pins): string {
  const metrics = new MetricSet(POD_METRICS);
  const pods = podCounters(pins);
  metrics.set("kuma_ebpf_pods", pods.length);
  for (const { name: pod, counters } of pods) {
    for (const [verdict, count] of counters) {
      metrics.add("kuma_ebpf_connections_total", { pod, verdict }, Number(count));
    }
  }
  return metrics.page();
}
