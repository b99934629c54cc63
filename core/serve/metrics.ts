/**
 * What the admission server counts.
 *
 * @module
 */
import type { MetricDefinition } from "core/metrics/metrics.ts";

/** The server's metrics; a program adds its own to them and makes one `MetricSet` of all. */
export const SERVER_METRICS = {
  kuma_webhook_requests_total: {
    type: "counter",
    help: "Requests by path and outcome: allowed, patched, denied, failed (an error of ours), " +
      "malformed (not an AdmissionReview), refused (no room, or somebody who may not ask), page.",
  },
  kuma_webhook_request_duration_seconds: {
    type: "histogram",
    help: "From the request's head to its answer, by path.",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  },
  kuma_webhook_connections: { type: "gauge", help: "Open connections." },
} as const satisfies Record<string, MetricDefinition>;

/** Name of a metric of the server. */
export type ServerMetric = keyof typeof SERVER_METRICS;
