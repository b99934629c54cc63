/**
 * What the loader counts.
 *
 * @module
 */
import type { Pins } from "core/host/bpf/pins.ts";
import { podCounters } from "core/host/bpf/status.ts";
import { type MetricDefinition, MetricSet } from "core/metrics/metrics.ts";

/** Of the loader itself; they last as long as it. */
export const LOADER_METRICS = {
  kuma_ebpf_events_total: { type: "counter", help: "Events that were read from the programs." },
  kuma_ebpf_repairs_total: {
    type: "counter",
    help: "How often something was put right that somebody had taken away.",
  },
  kuma_ebpf_ready: { type: "gauge", help: "1 while everything is attached." },
} as const satisfies Record<string, MetricDefinition>;

const POD_METRICS = {
  kuma_ebpf_pods: { type: "gauge", help: "Pods that are redirected." },
  kuma_ebpf_connections_total: {
    type: "counter",
    help: "Connections, and questions to port 53 over UDP, by pod and verdict.",
  },
} as const satisfies Record<string, MetricDefinition>;

/** The lines of all pods, from the maps: a set for each page, so that pods that have gone leave none. */
export function podMetrics(pins: Pins): string {
  const metrics = new MetricSet<keyof typeof POD_METRICS>(POD_METRICS);
  const pods = podCounters(pins);
  metrics.set("kuma_ebpf_pods", pods.length);
  for (const { name: pod, counters } of pods) {
    for (const [verdict, count] of counters) {
      metrics.add("kuma_ebpf_connections_total", { pod, verdict }, Number(count));
    }
  }
  return metrics.page();
}
