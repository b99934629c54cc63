/**
 * What kuma-ebpf-loader counts.
 *
 * @module
 */
import type { MetricTable } from "./metrics.ts";

/** Of the loader itself; they last as long as it. */
export const LOADER_METRICS = {
  kuma_ebpf_events_total: {
    type: "counter",
    unit: "count",
    help: "Events that were read from the programs.",
  },
  kuma_ebpf_repairs_total: {
    type: "counter",
    unit: "count",
    help: "How often something was put right that somebody had taken away.",
  },
  kuma_ebpf_ready: { type: "gauge", unit: "boolean", help: "1 while everything is attached." },
} as const satisfies MetricTable;

/** Of the pods that there are at the moment. */
export const POD_METRICS = {
  kuma_ebpf_pods: { type: "gauge", unit: "count", help: "Pods that are redirected." },
  kuma_ebpf_connections_total: {
    type: "counter",
    unit: "count",
    help: "Connections, and questions to port 53 over UDP.",
    labels: {
      pod: "namespace/name",
      verdict: "what was done: outbound, inbound, dns, pass-…, drop-…, error-…",
    },
  },
} as const satisfies MetricTable;
